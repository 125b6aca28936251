//! Tables: types, gaps, and what cannot be read.
use super::*;

fn csv(text: &str, options: CsvOptions) -> Result<Table> {
    Table::from_csv(text.as_bytes(), options)
}

#[test]
fn columns_are_typed_where_they_are_asked_for() {
    let text = "id;ok;kind;x\n1;true;\"a;b\";0.5\n2;0;c;-1e3\n";
    let table = csv(text, CsvOptions { delimiter: b';', ..Default::default() }).unwrap();
    assert_eq!((table.len(), table.columns().collect::<Vec<_>>()), (2, vec!["id", "ok", "kind", "x"]));
    assert_eq!(table.ints("id").unwrap().to_vec::<i64>().unwrap(), [1, 2]);
    assert_eq!(table.bools("ok").unwrap().to_vec::<bool>().unwrap(), [true, false]);
    assert_eq!(table.strings("kind").unwrap(), ["a;b", "c"]);
    assert_eq!(table.floats(&["x", "id"]).unwrap().to_vec::<f32>().unwrap(), [0.5, 1.0, -1000.0, 2.0]);
    let message = |result: Result<Tensor>| result.unwrap_err().to_string();
    assert_eq!(message(table.ints("x")), "Table: row 0 of column \"x\", \"0.5\", is no whole number");
    assert_eq!(message(table.ints("y")), "Table: there is no column \"y\"; there are id, ok, kind, x");
    let bare = csv("1,2\n3,4\n", CsvOptions { header: false, ..Default::default() }).unwrap();
    assert_eq!(bare.ints("1").unwrap().to_vec::<i64>().unwrap(), [2, 4]);
    assert!(csv("", CsvOptions::default()).unwrap().is_empty());
}

#[test]
fn rows_with_gaps_can_be_left_out() {
    let table = csv("a,b\n1,\n,2\n3,4\n", CsvOptions::default()).unwrap();
    assert!(table.ints("a").unwrap_err().to_string().contains("row 1 of column \"a\" is empty"));
    let whole = table.without_gaps(&["a", "b"]).unwrap();
    assert_eq!((whole.len(), whole.ints("b").unwrap().to_vec::<i64>().unwrap()), (1, vec![4]));
}

#[test]
fn rows_that_do_not_fit_are_named() {
    let error = csv("a,b\n1,2\n3\n", CsvOptions::default()).unwrap_err().to_string();
    assert!(error.contains("line: 3") && error.contains("1 field"), "{error}");
    assert!(csv("a,a\n1,2\n", CsvOptions::default()).is_err());
    let error = Table::open_csv("no/such.csv", CsvOptions::default()).unwrap_err().to_string();
    assert!(error.contains("no/such.csv cannot be read"), "{error}");
}

#[test]
fn lines_of_json_may_lack_keys() {
    let text = "{\"x\": 1.5, \"s\": \"a\"}\n\n{\"s\": null, \"x\": 2, \"new\": [1]}\n";
    let table = Table::from_json_lines(text.as_bytes()).unwrap();
    assert_eq!(table.floats(&["x"]).unwrap().to_vec::<f32>().unwrap(), [1.5, 2.0]);
    assert_eq!(table.strings("s").unwrap(), ["a", ""]);
    assert_eq!(table.strings("new").unwrap(), ["", "[1]"]);
    let error = Table::from_json_lines("{}\n[1]\n".as_bytes()).unwrap_err().to_string();
    assert_eq!(error, "Table: line 2 is no JSON object");
    assert!(Table::from_json_lines("{}\n{\"a\":\n".as_bytes()).unwrap_err().to_string().contains("line 2"));
}

#[test]
fn rows_come_as_values() {
    let path = std::env::temp_dir().join(format!("flambeau-rows-{}.jsonl", std::process::id()));
    std::fs::write(&path, "[1, \"a\"]\n[2, \"b\"]\n").unwrap();
    let rows: Vec<(i64, String)> = read_json_lines(&path).unwrap();
    assert_eq!(rows, [(1, "a".to_string()), (2, "b".to_string())]);
    let loader = crate::IterableLoader::new(JsonLines::<(i64, String)>::new(&path)).batch_size(2).workers(2);
    let (numbers, words) = loader.iter().next().unwrap().unwrap();
    assert_eq!((numbers.to_vec::<i64>().unwrap(), words), (vec![1, 2], vec!["a".to_string(), "b".to_string()]));
    std::fs::write(&path, "[1, \"a\"]\nnonsense\n").unwrap();
    let error = read_json_lines::<(i64, String)>(&path).unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
    std::fs::write(&path, "n,s\n1,a\n2,b\n").unwrap();
    let rows: Vec<(i64, String)> = read_csv(&path, CsvOptions::default()).unwrap();
    assert_eq!(rows[1], (2, "b".to_string()));
    assert!(read_csv::<(i64, i64)>(&path, CsvOptions::default()).is_err());
    std::fs::remove_file(&path).unwrap();
}
