//! The program on a part of the names: it learns, saves and reads.
use crate::{
    args::PROGRAM,
    names::encode,
    net::BiLstm,
    training::{Reader, Settings, train},
};
use flambeau::prelude::*;

#[test]
fn a_few_epochs_tell_most_names_apart_and_the_saved_model_reads_as_the_trained_one() {
    let settings = Settings { epochs: 10, lr: 5e-3, names: 1_500, seed: 1, ..Default::default() };
    let mut losses = Vec::new();
    let (reader, held_back) = train(&settings, |epoch| losses.push(epoch.loss)).unwrap();
    assert!(losses[9] < 0.8 * losses[0], "{losses:?}");
    // Whoever calls every name a woman's has 0.5.
    assert!(held_back.balanced > 0.65 && held_back.right > 0.7, "{held_back:?}");
    let path = std::env::temp_dir().join(format!("flambeau-names-{}.safetensors", std::process::id()));
    reader.save(&path).unwrap();
    let loaded = Reader::load(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(loaded.threshold, reader.threshold);
    for name in ["Anna", "BERTRAM", "Mary-Ann", "X"] {
        assert_eq!(loaded.read(name).unwrap(), reader.read(name).unwrap());
    }
    let why = loaded.read("Zoë").unwrap_err().to_string();
    assert!(why.contains("'ë' is no letter from A to Z"), "{why}");
    let why = Reader::load(&path).unwrap_err().to_string();
    assert!(why.contains("there is no model") && why.contains("train one first"), "{why}");
}

#[test]
fn padding_changes_nothing() {
    manual_seed(2);
    let model = BiLstm::new().unwrap();
    model.eval();
    let name = encode("ANNA").unwrap().unsqueeze(0).unwrap();
    let padded = name.pad([0, 5], Default::default()).unwrap();
    let (alone, beside) = (model.forward(&name).unwrap(), model.forward(&padded).unwrap());
    assert!(alone.allclose(&beside, 1e-6, 1e-6, false).unwrap());
}

#[test]
fn the_command_line_knows_one_command() {
    let parse = |line: &str| PROGRAM.parse(line.split_whitespace().map(String::from));
    let args = parse("classify ANNA --model m.safetensors PETER").unwrap().unwrap();
    assert!(args.classify && args.names == ["ANNA", "PETER"]);
    assert_eq!(args.model().to_str(), Some("m.safetensors"));
    assert_eq!(parse("ANNA").unwrap_err(), "there is no command ANNA; `classify ANNA` reads it as a name");
    assert_eq!(parse("--epoch 3").unwrap_err(), "there is no --epoch; did you mean --epochs?");
    assert_eq!(parse("--seeds 0").unwrap_err(), "--seeds 0: expected a number from 1 to 100");
}
