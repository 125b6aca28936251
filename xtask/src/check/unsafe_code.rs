//! `unsafe` stands only where the few people who look for it will look.

use super::rust_text::{code_of, is_word};
use super::sources::Source;

/// The beginnings of the paths where it may stand: CPU kernels and storage. Each block says why it is sound.
const ALLOWED: &[&str] = &["crates/tensor-core/src/cpu/", "crates/tensor-core/src/storage.rs"];

/// Where `unsafe`, or the permission to write it, stands elsewhere.
pub fn findings(sources: &[Source]) -> Vec<String> {
    let elsewhere = sources.iter().filter(|s| !ALLOWED.iter().any(|allowed| s.path.starts_with(allowed)));
    elsewhere
        .flat_map(|source| lines(&source.text).into_iter().map(|n| format!("{}:{n}: unsafe code", source.path)))
        .collect()
}

/// The numbers of the lines with `unsafe` as a word of the code, or with an attribute that lets it in.
fn lines(text: &str) -> Vec<usize> {
    let code = code_of(text);
    let is_unsafe = |line: &str| has_word(line, "unsafe") || lets_in(line);
    code.lines().enumerate().filter(|(_, line)| is_unsafe(line)).map(|(i, _)| i + 1).collect()
}

/// `allow(unsafe_code)` and its like; to forbid it is welcome.
fn lets_in(line: &str) -> bool {
    has_word(line, "unsafe_code") && ["allow", "expect", "warn"].iter().any(|level| has_word(line, level))
}

fn has_word(line: &str, word: &str) -> bool {
    let bytes = line.as_bytes();
    let bounded = |at: usize| {
        let before = at.checked_sub(1).is_none_or(|i| !is_word(bytes[i]));
        let after = bytes.get(at + word.len()).is_none_or(|b| !is_word(*b));
        before && after
    };
    line.match_indices(word).any(|(at, _)| bounded(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_found_with_its_line() {
        assert_eq!(lines("fn f() {\n    unsafe { g() }\n}\nunsafe impl Send for X {}\n"), [2, 4]);
        assert_eq!(lines("#[unsafe(no_mangle)]\nunsafe extern \"C\" {}"), [1, 2]);
        assert_eq!(lines("let f = |x| {unsafe{g(x)}};"), [1]);
    }

    #[test]
    fn text_about_it_is_no_code() {
        let text = r##"
            // unsafe in a comment
            /* unsafe /* unsafe */ unsafe */
            /// An `unsafe` block.
            let a = "unsafe"; let b = r#"unsafe " unsafe"#; let c = b"unsafe";
            let d = "a \" unsafe"; let e = '"'; let f = "unsafe";
            let not_unsafe = unsafe_level::<'static>();
        "##;
        assert!(lines(text).is_empty(), "{:?}", lines(text));
    }

    #[test]
    fn quotes_in_characters_hide_nothing() {
        assert_eq!(lines("let q = '\"'; unsafe { f() } // '\"'"), [1]);
        assert_eq!(lines(r#"let s = r"\"; unsafe { f() }"#), [1]);
    }

    #[test]
    fn forbidding_is_welcome_and_allowing_is_not() {
        assert!(lines("#![forbid(unsafe_code)]\n#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]").is_empty());
        assert_eq!(lines("#![allow(unsafe_code)]"), [1]);
        assert_eq!(lines("#[expect(unsafe_code, reason = \"because\")]"), [1]);
    }

    #[test]
    fn the_allowed_files_are_not_looked_at() {
        let source = |path: &str| Source { path: path.into(), text: "unsafe {}".into() };
        let sources = [source("crates/tensor-core/src/cpu/simd.rs"), source("crates/nn/src/lib.rs")];
        assert_eq!(findings(&sources), ["crates/nn/src/lib.rs:1: unsafe code"]);
    }
}
