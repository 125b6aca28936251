//! Tokenizers and vocabularies against torchtext, BERT and GPT-2.
use super::*;
use crate::{DataLoader, Dataset};
use proptest::prelude::*;

#[test]
fn basic_english_cuts_as_torchtext_does() {
    // The example of torchtext's documentation, and what its replacements do.
    let cut = |text| BasicEnglish.tokens(text);
    assert_eq!(
        cut("You can now install TorchText using pip!"),
        ["you", "can", "now", "install", "torchtext", "using", "pip", "!"]
    );
    assert_eq!(
        cut("\"Well;\" she said:\tit's<br />over..."),
        ["well", "she", "said", "it", "'", "s", "over", ".", ".", "."]
    );
    assert_eq!(cut(""), [""; 0]);
    assert_eq!(Characters.tokens("a é"), ["a", " ", "é"]);
    assert_eq!(Words.tokens(" a  b\n"), ["a", "b"]);
    assert!(RegexTokenizer::new("(").is_err());
}

#[test]
fn a_vocabulary_is_built_as_torchtext_builds_it() {
    let texts = [vec!["b", "a", "<unk>", "b"], vec!["c", "b", "a", "d"]];
    let options = VocabOptions { specials: &["<unk>", "<pad>"], ..Default::default() };
    let vocab = Vocab::build(&texts, options).unwrap();
    assert_eq!(vocab.tokens(), ["<unk>", "<pad>", "b", "a", "c", "d"]);
    let last = Vocab::build(&texts, VocabOptions { special_first: false, min_freq: 2, ..options }).unwrap();
    assert_eq!(last.tokens(), ["b", "a", "<unk>", "<pad>"]);
    let few = Vocab::build(&texts, VocabOptions { max_tokens: Some(3), ..options }).unwrap();
    assert_eq!(few.tokens(), ["<unk>", "<pad>", "b"]);
    assert!(Vocab::build(&texts, VocabOptions { max_tokens: Some(1), ..options }).is_err());
    assert!(Vocab::new(["a", "a"]).is_err());
    let error = vocab.encode(&["zebra"]).unwrap_err().to_string();
    assert!(error.starts_with("Vocab: token \"zebra\" is none of 6"), "{error}");
    assert_eq!(vocab.decode(&[2, 0]).unwrap(), ["b", "<unk>"]);
    assert!(vocab.token(6).is_err() && vocab.token(-1).is_err());
}

#[test]
fn a_vocabulary_comes_back_from_its_file() {
    let path = std::env::temp_dir().join(format!("flambeau-vocab-{}.json", std::process::id()));
    let mut vocab = Vocab::new(["<unk>", "two\nlines", "\"", "é"]).unwrap();
    vocab.set_default_index(Some(0)).unwrap();
    vocab.save(&path).unwrap();
    let again = Vocab::load(&path).unwrap();
    assert_eq!((again.tokens(), again.default_index()), (vocab.tokens(), Some(0)));
    for broken in
        ["", "[]", "{\"tokens\": [1]}", "{\"tokens\": [\"a\", \"a\"]}", "{\"tokens\": [], \"default_index\": 0}"]
    {
        std::fs::write(&path, broken).unwrap();
        let error = Vocab::load(&path).unwrap_err().to_string();
        assert!(error.contains("flambeau-vocab"), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(Vocab::load(&path).unwrap_err().to_string().contains("cannot be read"));
    assert!(vocab.set_default_index(Some(4)).is_err());
}

#[test]
fn words_are_cut_into_pieces_as_bert_does() {
    let vocab = [
        "[UNK]", "[CLS]", "un", "##aff", "##able", "runn", "##ing", "want", "##want", "##ed", ",", "caf", "##e", "中",
        "e", "!",
    ];
    let bert = WordPiece::new(Vocab::new(vocab).unwrap(), true).unwrap();
    // The words of BERT's own tests.
    assert_eq!(bert.tokens("UNwantéd,running"), ["un", "##want", "##ed", ",", "runn", "##ing"]);
    assert_eq!(bert.tokens("unaffable running"), ["un", "##aff", "##able", "runn", "##ing"]);
    assert_eq!(bert.tokens("Café!中中 [CLS] unwantedX"), ["caf", "##e", "!", "中", "中", "[CLS]", "[UNK]"]);
    assert_eq!(bert.tokens(" \u{0} \u{200d}\t\n"), [""; 0]);
    assert_eq!(bert.tokens(&"e".repeat(101)), ["[UNK]"]);
    let ids = bert.encode("unaffable!").unwrap();
    assert_eq!(ids, [2, 3, 4, 15]);
    assert_eq!(bert.decode(&ids).unwrap(), "unaffable !");
    let cased = WordPiece::new(bert.vocab().clone(), false).unwrap();
    assert_eq!(cased.tokens("Want want"), ["[UNK]", "want"]);
    assert!(WordPiece::new(Vocab::new(["a"]).unwrap(), true).is_err());
}

/// `vocab.json` and `merges.txt` of all bytes, and a few merges.
fn small_bpe_files() -> [String; 2] {
    let mut tokens: Vec<String> = (0..256u32)
        .map(|b| match b {
            33..=126 | 161..=172 | 174..=255 => char::from_u32(b),
            0..=32 => char::from_u32(256 + b),
            127..=160 => char::from_u32(256 + b - 94),
            _ => char::from_u32(323),
        })
        .map(|c| c.unwrap().to_string())
        .collect();
    let merges = ["l o", "lo w", "e r", "Ġ low"];
    tokens.extend(merges.iter().map(|merge| merge.replace(' ', "")));
    tokens.push("<|endoftext|>".into());
    let vocab: serde_json::Map<_, _> = tokens.into_iter().enumerate().map(|(i, token)| (token, i.into())).collect();
    [serde_json::Value::Object(vocab).to_string(), format!("#version: 0.2\n{}\n", merges.join("\n"))]
}

fn small_bpe() -> Bpe {
    let [vocab, merges] = small_bpe_files();
    Bpe::from_text(&vocab, &merges).unwrap()
}

#[test]
fn bytes_are_merged_as_gpt2_does() {
    let bpe = small_bpe();
    assert_eq!(bpe.tokens("lower low"), ["low", "er", "Ġlow"]);
    // Of several spaces, the last belongs to the word; those at the end stay together.
    assert_eq!(bpe.tokens("a   low  "), ["a", "Ġ", "Ġ", "Ġlow", "Ġ", "Ġ"]);
    assert_eq!(bpe.tokens("I'll"), ["I", "'", "l", "l"]);
    assert_eq!(bpe.decode(&[260]).unwrap(), "<|endoftext|>");
    assert!(Bpe::from_text("{}", "").is_err() && Bpe::from_text("{\"a\": 5}", "").is_err());
}

proptest! {
    #[test]
    fn bytes_come_back_whatever_the_text(text in ".{0,60}") {
        let bpe = small_bpe();
        prop_assert_eq!(bpe.decode(&bpe.encode(&text).unwrap()).unwrap(), text);
    }

    #[test]
    fn no_text_is_too_strange_to_cut(text in "\\PC{0,60}|.{0,60}") {
        let bert = WordPiece::new(Vocab::new(["[UNK]", "a", "##a"]).unwrap(), true).unwrap();
        prop_assert!(bert.encode(&text).is_ok());
        BasicEnglish.tokens(&text);
    }

    #[test]
    fn damaged_vocabularies_are_errors_or_other_vocabularies(at: usize, byte: u8, cut: bool) {
        let damaged = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            bytes
        };
        let folder = std::env::temp_dir().join(format!("flambeau-damaged-vocab-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let json = put("ours.json", &damaged("{\"tokens\": [\"<unk>\", \"é\", \"a\"], \"default_index\": 0}"));
        let _ = Vocab::load(json).map(|vocab| vocab.encode(&["a", "b"]));
        let lines = put("vocab.txt", &damaged("[UNK]\na\n##a\n"));
        let _ = WordPiece::load(lines, true).map(|bert| bert.encode("aab"));
        let [vocab, merges] = small_bpe_files();
        let [whole, half] = [put("vocab.json", vocab.as_bytes()), put("half.json", &damaged(&vocab))];
        let [all, few] = [put("merges.txt", merges.as_bytes()), put("few.txt", &damaged(&merges))];
        for bpe in [Bpe::load(half, all), Bpe::load(whole, few)] {
            let _ = bpe.and_then(|bpe| bpe.decode(&bpe.encode("lower low")?));
        }
    }
}

#[test]
fn ids_are_padded_and_counted() {
    let samples = vec![(vec![1, 2, 3], 7i64), (vec![4], 8), (vec![], 9)];
    let loader = DataLoader::with_collate(samples.clone(), pad_ids_collate(0)).batch_size(3);
    let (ids, labels) = loader.iter().next().unwrap().unwrap();
    assert_eq!(ids.to_vec::<i64>().unwrap(), [1, 2, 3, 4, 0, 0, 0, 0, 0]);
    assert_eq!(labels.to_vec::<i64>().unwrap(), [7, 8, 9]);
    assert_eq!((loader.report().content, loader.report().padded), (4, 9));
    assert_eq!(pad_ids::<Vec<i64>>(&[], 0).unwrap().shape(), [0, 0]);
    let mut lists: Vec<Vec<i64>> = (0..samples.len()).map(|i| samples.get(i).unwrap().0).collect();
    truncate(&mut lists, 2);
    assert_eq!(lists, [vec![1, 2], vec![4], vec![]]);
}
