//! A data set of pictures of one's own, opened lazily, as in the guide (rows 57 and 58), with a network that learns it:
//! `cargo run --release --example image_folder --features images`.
//!
//! The pictures are made here first: three classes in the layout `ROOT/CLASS/NAME.png`. With a folder as the argument, the
//! pictures in that are used instead.

use flambeau::prelude::*;
use flambeau::vision::{
    DecodeOptions, MakeGridOptions, ShowOptions, functional, read_image, save_image, show_batch,
    transforms::{CenterCrop, ColorJitter, Normalize, RandomHorizontalFlip, Resize, ToTensor, Transform},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The guide's `customImageFolderDataset`: paths and labels are found at once, a picture is opened when it is asked for.
struct CustomImageFolderDataset<T> {
    samples: Vec<(PathBuf, String)>,
    /// Sorted, so that a class has the same number in every run; the guide numbers a `set`.
    label_to_idx: BTreeMap<String, i64>,
    transform: T,
}

impl<T: Transform> CustomImageFolderDataset<T> {
    fn new(root: &Path, transform: T) -> Result<Self> {
        let mut samples = Vec::new();
        for folder in fs::read_dir(root).map_err(|e| Error::from(e).about(root.display()))? {
            let folder = folder?;
            let label = folder.file_name().to_string_lossy().into_owned();
            for file in fs::read_dir(folder.path())? {
                samples.push((file?.path(), label.clone()));
            }
        }
        samples.sort();
        let labels: BTreeSet<&String> = samples.iter().map(|(_, label)| label).collect();
        let label_to_idx = labels.into_iter().zip(0..).map(|(label, i)| (label.clone(), i)).collect();
        Ok(CustomImageFolderDataset { samples, label_to_idx, transform })
    }
}

impl<T: Transform> Dataset for CustomImageFolderDataset<T> {
    type Item = (Tensor, i64);

    fn len(&self) -> usize {
        self.samples.len()
    }

    fn get(&self, index: usize) -> Result<(Tensor, i64)> {
        let (path, label) = &self.samples[index];
        let image = read_image(path, &DecodeOptions::default())?; // always RGB
        Ok((self.transform.apply(&image)?, self.label_to_idx[label]))
    }
}

#[derive(Module)]
struct Net {
    conv1: Conv2d,
    pool: MaxPool2d,
    conv2: Conv2d,
    head: Linear,
}

impl Net {
    fn new(classes: usize) -> Result<Net> {
        let padded = || Conv2dOptions { padding: 1.into(), ..Default::default() };
        Ok(Net {
            conv1: Conv2d::new(3, 16, 3, padded())?,
            pool: MaxPool2d::new(2),
            conv2: Conv2d::new(16, 32, 3, padded())?,
            head: Linear::new(32, classes)?,
        })
    }
}

impl Forward for Net {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.pool.forward(&self.conv1.forward(x)?.relu()?)?;
        let x = self.conv2.forward(&x)?.relu()?.mean_dim([2, 3], DROP)?;
        self.head.forward(&x)
    }
}

fn main() -> Result<()> {
    manual_seed(0);
    let runs = PathBuf::from("flambeau-runs/image_folder");
    let root = match std::env::args().nth(1) {
        Some(folder) => PathBuf::from(folder),
        None => {
            make_pictures(&runs.join("train"))?;
            runs.join("train")
        }
    };
    fs::create_dir_all(&runs)?;

    let (mean, std) = ([0.5; 3], [0.25; 3]);
    let transform = compose![
        Resize::new(36),
        CenterCrop::new(32),
        RandomHorizontalFlip::default(),
        ColorJitter::new(0.2, 0.2, 0.2, 0.0),
        ToTensor,
        Normalize::new(mean, std),
    ];
    let train = CustomImageFolderDataset::new(&root, transform)?;
    let names: Vec<String> = train.label_to_idx.keys().cloned().collect();
    println!("{} pictures of {names:?} in {}", train.len(), root.display());
    let train_loader = DataLoader::new(train).batch_size(16).shuffle(true).workers(2);

    let model = Net::new(names.len())?;
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    for epoch in 1..=5 {
        let (mut loss_mean, mut accuracy) = (Mean::new(), Accuracy::new());
        for batch in &train_loader {
            let (x, y) = batch?;
            optimizer.zero_grad();
            let scores = model.forward(&x)?;
            let loss = cross_entropy(&scores, &y)?;
            loss.backward()?;
            optimizer.step()?;
            loss_mean.update(loss.item()?, y.numel());
            accuracy.update(&scores, &y)?;
        }
        println!("epoch {epoch}  loss {:.4}  accuracy {:.1} %", loss_mean.value(), 100.0 * accuracy.value());
    }

    if let Some(batch) = train_loader.iter().next() {
        let (x, y) = batch?;
        let labels: Vec<&str> = y.to_vec::<i64>()?.into_iter().map(|i| names[i as usize].as_str()).collect();
        let normalized = Some((mean.to_vec(), std.to_vec()));
        show_batch(&x, &labels, runs.join("batch.png"), &ShowOptions { normalized, ..Default::default() })?;
        println!("a batch with its labels: {}", runs.join("batch.png").display());
    }
    Ok(())
}

/// Hulls and sails of three colours on a noisy sea, 30 of each.
fn make_pictures(root: &Path) -> Result<()> {
    for (class, colour) in
        [("gondola", [40.0, 40.0, 40.0]), ("kayak", [230.0, 120.0, 20.0]), ("sailboat", [245.0, 245.0, 245.0])]
    {
        fs::create_dir_all(root.join(class))?;
        for i in 0..30 {
            let sea = Tensor::randint(0, 256, [3, 40, 40])?.to_dtype(DType::U8)?;
            let at = Tensor::randint(4, 24, [2])?.to_vec::<i64>()?;
            let boat = Tensor::from_slice(&colour, [3, 1, 1])?.to_dtype(DType::U8)?.expand([3, 8, 14])?;
            let picture = functional::erase(&sea, at[0] as usize, at[1] as usize, &boat)?;
            save_image(&picture, root.join(class).join(format!("{i:02}.png")), &MakeGridOptions::default())?;
        }
    }
    Ok(())
}
