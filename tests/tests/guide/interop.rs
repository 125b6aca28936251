//! To and from the arrays of other libraries.
use flambeau::files::{StateDict, npy, npz};
use flambeau::prelude::*;
use ndarray::{Array, Array2, array};

#[test]
fn guide_009_integers_of_an_array_stay_integers() -> Result<()> {
    let a = array![[1_i64, 2, 3], [3, 4, 5]];
    let t = Tensor::try_from(&a)?;
    assert_eq!((t.dtype(), t.shape()), (DType::I64, &[2, 3][..]));
    assert_eq!(t.to_vec::<i64>()?, [1, 2, 3, 3, 4, 5]);
    // Views and column-major arrays hold their elements in another order.
    assert_eq!(Tensor::try_from(&a.t())?.to_vec::<i64>()?, [1, 3, 2, 4, 3, 5]);
    assert_eq!(Tensor::try_from(&Array::<f64, _>::zeros((3, 0)))?.shape(), [3, 0]);
    assert_eq!(Tensor::try_from(&ndarray::arr0(2.5_f32))?.dim(), 0);
    Ok(())
}

#[test]
fn guide_010_and_back() -> Result<()> {
    let t = tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]?.t()?;
    let a = t.to_ndarray::<f32>()?;
    assert_eq!(a.shape(), [3, 2]);
    let a: Array2<f32> = a.into_dimensionality().unwrap();
    assert_eq!(a, array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]);
    Ok(())
}

/// The path of a file that PyTorch or NumPy wrote.
fn fixture(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

#[test]
fn guide_009_files_of_numpy_read_equal() -> Result<()> {
    let expected = StateDict::load(fixture("arrays.expected.safetensors"))?;
    for file in ["arrays.npz", "arrays_compressed.npz"] {
        let read = npz::load(fixture(file))?;
        assert_eq!(read.len(), expected.len());
        for (name, want) in expected.iter() {
            let got = read.get(name).unwrap_or_else(|| panic!("{file} has {name}"));
            assert_eq!((got.dtype(), got.shape()), (want.dtype(), want.shape()), "{name} of {file}");
            assert_eq!(got.to_bytes()?, want.to_bytes()?, "{name} of {file}");
        }
    }
    let fortran = npy::load(fixture("fortran.npy"))?;
    assert_eq!(fortran.shape(), [3, 4]);
    assert_eq!(fortran.to_bytes()?, expected.get("fortran").unwrap().to_bytes()?);

    let error = npy::load(fixture("refuse_object.npy")).unwrap_err().to_string();
    assert!(error.contains("Python objects"), "{error}");
    Ok(())
}

#[test]
fn guide_010_files_for_numpy_are_its_own_bytes() -> Result<()> {
    // NumPy stored the array in the archive as np.save writes it.
    let archive = std::fs::read(fixture("arrays.npz"))?;
    for (name, t) in
        npz::load(fixture("arrays.npz"))?.iter().filter(|(name, _)| !["fortran", "big_endian"].contains(name))
    {
        let ours = npy::to_bytes(t)?;
        assert!(archive.windows(ours.len()).any(|w| w == ours), "{name} as NumPy writes it");
    }
    Ok(())
}
