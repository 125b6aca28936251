//! Tensors print as PyTorch prints them: `printing.txt` holds dtype, shape and values, then what PyTorch 2.15 wrote.
use tensor_core::{DType, Tensor};

#[test]
fn tensors_print_as_pytorch_prints_them() {
    let cases: Vec<&str> = include_str!("printing.txt").split("# ").filter(|c| !c.is_empty()).collect();
    assert!(cases.len() >= 50, "the file was cut");
    let mut wrong = Vec::new();
    for case in cases {
        let (spec, rest) = case.split_once('\n').expect("a first line");
        let (values, expected) = rest.split_once('\n').expect("a line of values");
        let (dtype, rest) = spec.split_once(' ').expect("dtype");
        let (shape, grad) = rest.rsplit_once(' ').expect("shape");
        let shape: Vec<usize> = shape
            .trim_matches(['[', ']'])
            .split(", ")
            .filter(|s| !s.is_empty())
            .map(|s| s.parse().expect("a size"))
            .collect();
        let values: Vec<f64> =
            values.trim_start_matches('>').split_whitespace().map(|v| v.parse().expect("a number")).collect();
        let dtype: DType = dtype.parse().expect("a dtype");
        let t = Tensor::from_slice(&values, &shape).expect("a tensor").to_dtype(dtype).expect("converts");
        let t = t.requires_grad_(grad == "grad");
        if t.to_string() != expected.trim_end() {
            wrong.push(format!("{spec}\nPyTorch: {}\nours:    {t}", expected.trim_end()));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n\n{}", wrong.len(), wrong.join("\n\n"));
}
