//! Pictures from a folder, and what a loader costs beside the dataset, with two workers.
use super::{Call, Row};
use flambeau::prelude::*;
use flambeau::vision::{
    ImageFolder, Interpolation, encode_jpeg, functional,
    transforms::{CenterCrop, Normalize, Resize, ToTensor},
};
use std::{fs, path::Path};

pub(super) const ROWS: &[Row] = &[
    Row { name: "imagefolder", setup: imagefolder },
    Row { name: "loader_overhead", setup: overhead },
    Row { name: "collate_text", setup: collate_text },
];

/// 256 pictures of 500x375 in two classes: those of `$BENCH_IMAGES` or `bench-images` in the folder for temporary files,
/// where the program for PyTorch has made them; else made here, much the same.
fn imagefolder() -> Result<Call> {
    let root = match std::env::var_os("BENCH_IMAGES") {
        Some(folder) => folder.into(),
        None => std::env::temp_dir().join("bench-images"),
    };
    if !root.join(".done").exists() {
        make_images(&root)?;
    }
    let transform = compose![
        Resize::new(256),
        CenterCrop::new(224),
        ToTensor,
        Normalize::new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ];
    let dataset = ImageFolder::new(root)?.transform(transform);
    let loader = DataLoader::new(dataset).batch_size(64).shuffle(true).workers(2);
    Ok(Box::new(move || {
        let mut count = 0;
        for batch in &loader {
            count += batch?.0.size(0)?;
        }
        all(count, 256)
    }))
}

/// Smooth noise in three sizes, and a little of every pixel's own.
fn make_images(root: &Path) -> Result<()> {
    for class in ["a", "b"] {
        fs::create_dir_all(root.join(class))?;
        for i in 0..128 {
            let mut sum = (Tensor::randn([3, 375, 500])? * 3.0)?;
            for (cells, strength) in [(6, 90.0), (24, 40.0), (96, 12.0)] {
                let coarse = Tensor::randn([3, cells * 3 / 4, cells])?;
                sum = (sum + &(functional::resize(&coarse, [375, 500], Interpolation::Bicubic)? * strength)?)?;
            }
            let bytes = (sum + 128.0)?.clamp(Some(0.0.into()), Some(255.0.into()))?.to_dtype(DType::U8)?;
            fs::write(root.join(class).join(format!("{i:03}.jpg")), encode_jpeg(&bytes, 90)?)?;
        }
    }
    Ok(fs::write(root.join(".done"), "")?)
}

/// Samples that cost nothing to make.
struct Numbers;

impl Dataset for Numbers {
    type Item = (i64, i64);
    fn len(&self) -> usize {
        1_000_000
    }
    fn get(&self, index: usize) -> Result<(i64, i64)> {
        Ok((index as i64, index as i64 % 10))
    }
}

fn overhead() -> Result<Call> {
    let loader = DataLoader::new(Numbers).batch_size(1000).shuffle(true).workers(2);
    Ok(Box::new(move || {
        let mut count = 0;
        for batch in &loader {
            count += batch?.0.size(0)?;
        }
        all(count, 1_000_000)
    }))
}

/// Texts of 50 to 299 words, the short ones first, padded to the longest of their batch.
fn collate_text() -> Result<Call> {
    let lengths = Tensor::randint(50, 300, [1024])?.to_vec::<i64>()?;
    let mut texts = Vec::with_capacity(lengths.len());
    for length in lengths {
        texts.push(Tensor::randint(0, 10_000, [length as usize])?.to_vec::<i64>()?);
    }
    texts.sort_by_key(Vec::len);
    let labels = Tensor::randint(0, 2, [1024])?.to_vec::<i64>()?;
    let samples: Vec<(Vec<i64>, i64)> = texts.into_iter().zip(labels).collect();
    let loader = DataLoader::with_collate(samples, padded).batch_size(64).workers(2);
    Ok(Box::new(move || {
        let mut count = 0;
        for batch in &loader {
            count += batch?.0.size(0)?;
        }
        all(count, 1024)
    }))
}

fn padded(samples: Vec<(Vec<i64>, i64)>) -> Result<(Tensor, Tensor)> {
    let longest = samples.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
    let mut x = vec![0; samples.len() * longest];
    for ((text, _), row) in samples.iter().zip(x.chunks_exact_mut(longest)) {
        row[..text.len()].copy_from_slice(text);
    }
    let labels: Vec<i64> = samples.iter().map(|&(_, label)| label).collect();
    Ok((Tensor::from_slice(&x, [samples.len(), longest])?, Tensor::from_slice(&labels, [labels.len()])?))
}

fn all(count: usize, expected: usize) -> Result<()> {
    if count == expected {
        return Ok(());
    }
    Err(Error::new("loader", format!("handed out {count} samples of {expected}")))
}
