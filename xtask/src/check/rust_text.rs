//! Rust source without what only looks like code: comments and the contents of strings become spaces.

/// The same text, line by line and byte by byte, with spaces for comments, strings and character literals.
pub fn code_of(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match skipped(bytes, at) {
            Some(end) => end.min(bytes.len()),
            None => {
                // A whole word at once, so that the `r` of `for` or a lifetime's letters start nothing.
                at += word(bytes, at).max(1);
                continue;
            }
        };
        code[at..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        at = end;
    }
    // What was blanked was blanked whole, and what is left begins and ends at ASCII.
    String::from_utf8_lossy(&code).into_owned()
}

/// Where the comment, string or character that starts at `at` ends; `None` where code stands.
fn skipped(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => Some(at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(at + block_comment(rest)),
        [b'"', ..] => Some(at + 1 + quoted(&rest[1..], b'"')),
        [b'\'', ..] => character(rest).map(|len| at + len),
        [b'r' | b'b' | b'c', ..] => prefixed(rest).map(|len| at + len),
        _ => None,
    }
}

/// The length of a block comment, which may hold others.
fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// How far it is past the closing quote, over what a backslash escapes.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// The length of a character literal; `None` for a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    match rest.get(1)? {
        b'\\' => Some(1 + quoted(&rest[1..], b'\'')),
        first => {
            // One character of one to four bytes, then the quote. `'a` without the quote is a lifetime.
            let len = match first {
                0x00..0x80 => 1,
                0x80..0xE0 => 2,
                0xE0..0xF0 => 3,
                _ => 4,
            };
            (rest.get(1 + len) == Some(&b'\'')).then_some(len + 2)
        }
    }
}

/// The length of a string or character with a prefix: `b".."`, `b'x'`, `c".."`, `r".."`, `r#".."#`, `br".."`, `cr".."`.
fn prefixed(rest: &[u8]) -> Option<usize> {
    let letters = word(rest, 0);
    match (&rest[..letters], rest.get(letters)?) {
        (b"b" | b"c", b'"') => Some(letters + 1 + quoted(&rest[letters + 1..], b'"')),
        (b"b", b'\'') => Some(letters + character(&rest[letters..])?),
        (b"r" | b"br" | b"cr", _) => {
            let hashes = rest[letters..].iter().take_while(|b| **b == b'#').count();
            let open = letters + hashes;
            // `r#match` is a raw name, not a string.
            (rest.get(open) == Some(&b'"')).then_some(())?;
            let close = [&b"\""[..], &b"#".repeat(hashes)].concat();
            let body = &rest[open + 1..];
            let found = body.windows(close.len()).position(|w| w == close);
            Some(open + 1 + found.map_or(body.len(), |at| at + close.len()))
        }
        _ => None,
    }
}

/// The length of the name or number at `at`.
fn word(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take_while(|b| is_word(**b)).count()
}

/// Whether a byte belongs to a name or number.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words that are left.
    fn words(text: &str) -> Vec<String> {
        code_of(text).split_whitespace().map(String::from).collect()
    }

    #[test]
    fn lines_and_lengths_stay() {
        let text = "a // é b\n\"c\nd\" e";
        let code = code_of(text);
        assert_eq!(code, "a        \n  \n   e");
        assert_eq!(code.len(), text.len());
    }

    #[test]
    fn comments_go() {
        assert_eq!(words("a /* b /* c */ d */ e // f\ng /// h"), ["a", "e", "g"]);
        assert_eq!(words("a /* never closed"), ["a"]);
        assert_eq!(words("a / b"), ["a", "/", "b"]);
    }

    #[test]
    fn strings_go_with_their_quotes_escaped_or_raw() {
        assert_eq!(words(r#"a "b \" c \\" d"#), ["a", "d"]);
        assert_eq!(words(r##"a r#"b " c"# d"##), ["a", "d"]);
        assert_eq!(words(r#"a r"\" b"#), ["a", "b"]);
        assert_eq!(words(r##"a b"x" c"y" br#"z"# b'q' d"##), ["a", "d"]);
        assert_eq!(words("a \"// not a comment\" b"), ["a", "b"]);
        assert_eq!(words("a \"never closed"), ["a"]);
    }

    #[test]
    fn characters_go_and_lifetimes_stay() {
        assert_eq!(words(r#"a '"' b '\'' c 'é' d '\u{41}' e"#), ["a", "b", "c", "d", "e"]);
        assert_eq!(words("fn f<'a>(x: &'a str) 'outer: loop"), ["fn", "f<'a>(x:", "&'a", "str)", "'outer:", "loop"]);
    }

    #[test]
    fn names_that_look_like_prefixes_stay() {
        assert_eq!(words("for r#match in bar b c"), ["for", "r#match", "in", "bar", "b", "c"]);
    }
}
