//! Rows 46 to 58 of the guide that are about pictures: folders of classes, transforms, decoding, lazily opened files.
use flambeau::prelude::*;
use flambeau::vision::{
    DecodeOptions, ImageFolder, Interpolation, MakeGridOptions, PaddingMode, ShowOptions, decode_image, make_grid,
    read_image, save_image, show_batch, transforms::*,
};
use flambeau_tests::file::CaseFile;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("flambeau-pictures-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// `count` tiny pictures for each class, each of a colour of its own.
    fn with_classes(self, classes: &[&str], count: usize) -> Folder {
        for (c, class) in classes.iter().enumerate() {
            fs::create_dir_all(self.0.join(class)).unwrap();
            for i in 0..count {
                let name = self.0.join(class).join(format!("{i:05}.ppm"));
                let pixels: String =
                    (0..4).flat_map(|_| ['A', (b'0' + c as u8) as char, (b'0' + (i % 64) as u8) as char]).collect();
                fs::write(name, format!("P6 2 2 255\n{pixels}")).unwrap();
            }
        }
        self
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/images")
}

#[test]
fn guide_046_a_folder_for_each_class() {
    let folder = Folder::new("46").with_classes(&["sailboat", "kayak", "gondola"], 2);
    fs::create_dir_all(folder.0.join("kayak/red/new")).unwrap();
    for name in ["kayak/red/new/a.PNG", "kayak/red/b.JPG", "kayak/notes.txt", "stray.jpg"] {
        fs::write(folder.0.join(name), "not opened").unwrap();
    }
    let train = ImageFolder::new(&folder.0).unwrap();
    assert_eq!(train.classes(), ["gondola", "kayak", "sailboat"]);
    assert_eq!(train.class_to_idx()["sailboat"], 2);
    let names = |class: i64| -> Vec<String> {
        let of_class = train.samples().iter().filter(|s| s.1 == class);
        of_class.map(|s| s.0.strip_prefix(&folder.0).unwrap().display().to_string()).collect()
    };
    assert_eq!(names(1), ["kayak/00000.ppm", "kayak/00001.ppm", "kayak/red/b.JPG", "kayak/red/new/a.PNG"]);
    assert_eq!(train.len(), 8);

    fs::create_dir(folder.0.join("canoe")).unwrap();
    let error = ImageFolder::new(&folder.0).unwrap_err().to_string();
    assert!(error.contains("no file for the classes canoe"), "{error}");
    assert_eq!(ImageFolder::allow_empty(&folder.0).unwrap().class_to_idx()["kayak"], 2);
    let error = ImageFolder::new(folder.0.join("canoe")).unwrap_err().to_string();
    assert!(error.contains("no class folder") && error.contains("canoe"), "{error}");
    assert!(ImageFolder::new(folder.0.join("nowhere")).is_err());
}

#[cfg(unix)]
#[test]
fn guide_046_links_are_followed_but_not_in_circles() {
    let folder = Folder::new("46-links").with_classes(&["a"], 1);
    let elsewhere = Folder::new("46-elsewhere").with_classes(&["x"], 2);
    std::os::unix::fs::symlink(elsewhere.0.join("x"), folder.0.join("b")).unwrap();
    std::os::unix::fs::symlink(&folder.0, folder.0.join("a/up")).unwrap();
    let train = ImageFolder::new(&folder.0).unwrap();
    assert_eq!(train.classes(), ["a", "b"]);
    assert_eq!(train.samples().iter().filter(|s| s.1 == 1).count(), 2);
}

#[test]
fn guide_047_resize_centercrop_totensor_are_torchvisions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/transforms/transforms.safetensors");
    let file = CaseFile::open(&path).unwrap().unwrap();
    let image = file.tensor("t0").unwrap().permute([2, 0, 1]).unwrap();
    let transform = compose![Resize::new(64), CenterCrop::new(56), ToTensor];
    let (got, expected) = (transform.apply(&image).unwrap(), file.tensor("t2").unwrap());
    assert_eq!(got.shape(), [3, 56, 56]);
    let off = got.sub(&expected).unwrap().abs().unwrap();
    assert!(off.max().unwrap().item::<f64>().unwrap() <= 1.0 / 255.0 + 1e-6);
    assert!(off.mean().unwrap().item::<f64>().unwrap() <= 0.2 / 255.0);
}

#[test]
fn guide_048_length_and_samples_of_a_folder() {
    let folder = Folder::new("48").with_classes(&["boat", "ship"], 423);
    fs::write(folder.0.join("ship/99999.ppm"), "P6 3 2 255\n123456789012345678").unwrap();
    let transform = compose![Resize::new([8, 8]), ToTensor];
    let train = ImageFolder::new(&folder.0).unwrap().transform(transform);
    assert_eq!(train.len(), 847);
    let (image, label): (Tensor, i64) = train.get(2).unwrap();
    assert_eq!((image.shape(), image.dtype(), label), (&[3, 8, 8][..], DType::F32, 0));
    assert!(train.get(847).is_err());

    // Row 53: 847 pictures in batches of 64.
    let loader = DataLoader::new(train).batch_size(64).shuffle(true).workers(10);
    let sizes: Vec<usize> = (&loader)
        .into_iter()
        .map(|batch| {
            let (x, y) = batch.unwrap();
            assert_eq!((x.shape()[1..].to_vec(), y.dtype(), y.dim()), (vec![3, 8, 8], DType::I64, 1));
            x.shape()[0]
        })
        .collect();
    assert_eq!((sizes.len(), sizes[13]), (14, 15));
}

/// Share of values more than two off, and the mean difference.
fn difference(got: &Tensor, expected: &Tensor) -> (f64, f64) {
    let (g, e) = (got.permute([1, 2, 0]).unwrap().to_vec::<f64>().unwrap(), expected.to_vec::<f64>().unwrap());
    assert_eq!(g.len(), e.len());
    let off: Vec<f64> = g.iter().zip(&e).map(|(g, e)| (g - e).abs()).collect();
    let far = off.iter().filter(|&&d| d > 2.0).count() as f64 / off.len() as f64;
    (far, off.iter().sum::<f64>() / off.len() as f64)
}

#[test]
fn guide_049_files_are_decoded_as_pillow_does() {
    let expected = fs::read(fixtures().join("expected.safetensors")).unwrap();
    let expected = safetensors::SafeTensors::deserialize(&expected).unwrap();
    let mut seen = 0;
    for (name, view) in expected.tensors() {
        let expected = Tensor::from_bytes(view.data(), view.shape(), DType::U8).unwrap();
        let options = DecodeOptions { apply_exif_orientation: name.starts_with("upright"), ..Default::default() };
        let got = read_image(fixtures().join(&name), &options).unwrap();
        assert_eq!(got.permute([1, 2, 0]).unwrap().shape(), expected.shape(), "{name}");
        let (far, mean) = difference(&got, &expected);
        match name.rsplit('.').next() {
            Some("jpg") | Some("webp") => assert!(far <= 0.001 && mean <= 0.5, "{name}: {far} {mean}"),
            _ => assert!(mean == 0.0, "{name}: {far} {mean}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 35);
    // As the file lies, unless asked.
    let stored = read_image(fixtures().join("upright_6.jpg"), &DecodeOptions::default()).unwrap();
    assert_eq!(stored.shape(), [3, 8, 13]);
}

#[test]
fn guide_049_a_truncated_file_is_an_error_that_names_it() {
    let folder = Folder::new("49");
    for name in [
        "baseline_420.jpg",
        "progressive_444.jpg",
        "grey.jpg",
        "rgb.png",
        "first_frame.gif",
        "lossless.webp",
        "rgb.bmp",
    ] {
        let bytes = fs::read(fixtures().join(name)).unwrap();
        for part in [0, 1, 3, 10, bytes.len() / 3, bytes.len() / 2, bytes.len() * 9 / 10] {
            let path = folder.0.join(name);
            // The first of two frames may be whole.
            if name == "first_frame.gif" && part > bytes.len() / 3 {
                continue;
            }
            fs::write(&path, &bytes[..part]).unwrap();
            let error = read_image(&path, &DecodeOptions::default());
            let error = error.expect_err(&format!("{name} cut to {part} bytes")).to_string();
            assert!(error.starts_with("read_image: ") && error.contains(name), "{error}");
        }
    }
}

#[test]
fn guide_049_flipped_bytes_and_lying_sizes_neither_panic_nor_fill_the_memory() {
    let options = DecodeOptions::default();
    for entry in fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "safetensors") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let mut state = bytes.len() as u64;
        for _ in 0..60 {
            let mut broken = bytes.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let at = (state >> 33) as usize % broken.len();
                broken[at] = (state >> 20) as u8;
            }
            // Whatever comes of it is a value.
            let _ = decode_image(&broken, &options);
        }
    }
    // A JPEG header that claims 65,000 x 65,000 pixels.
    let mut jpeg = fs::read(fixtures().join("baseline_444.jpg")).unwrap();
    let frame = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFD, 0xE8, 0xFD, 0xE8]);
    assert!(decode_image(&jpeg, &options).unwrap_err().to_string().contains("pixels"));
    let error = decode_image(b"hello, this is no picture", &options).unwrap_err().to_string();
    assert!(error.contains("not a picture of a known format"), "{error}");
}

#[test]
fn guide_050_one_by_one_needs_a_batch_dim() {
    let folder = Folder::new("50").with_classes(&["a"], 3);
    let train = ImageFolder::new(&folder.0).unwrap().transform(compose![Resize::new(8), ToTensor]);
    let model = Conv2d::new(3, 4, 3, Conv2dOptions::default()).unwrap();
    for i in 0..train.len() {
        let (image, _label) = train.get(i).unwrap();
        assert_eq!(model.forward(&image.unsqueeze(0).unwrap()).unwrap().shape()[0], 1);
    }
}

/// The guide's data set, in the user's hands: paths by `glob`, labels from the folder's name, pictures opened in `get`.
struct CustomImageFolderDataset<T> {
    paths: Vec<PathBuf>,
    labels: Vec<String>,
    transform: T,
}

impl<T: Transform> CustomImageFolderDataset<T> {
    fn new(root: &Path, transform: T) -> Result<Self> {
        let mut paths = Vec::new();
        for class in fs::read_dir(root)? {
            for file in fs::read_dir(class?.path())? {
                paths.push(file?.path());
            }
        }
        paths.sort();
        let mut labels: Vec<String> = paths.iter().map(|p| label(p)).collect();
        // The guide numbers a `set`, whose order changes from run to run.
        labels.sort();
        labels.dedup();
        Ok(CustomImageFolderDataset { paths, labels, transform })
    }
}

fn label(path: &Path) -> String {
    path.parent().and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

impl<T: Transform> Dataset for CustomImageFolderDataset<T> {
    type Item = (Tensor, usize);
    fn len(&self) -> usize {
        self.paths.len()
    }
    fn get(&self, index: usize) -> Result<(Tensor, usize)> {
        let image = read_image(&self.paths[index], &DecodeOptions::default())?;
        let class = self.labels.binary_search(&label(&self.paths[index])).unwrap_or(0);
        Ok((self.transform.apply(&image)?, class))
    }
}

#[test]
fn guide_057_the_custom_folder_numbers_its_classes_the_same_each_time() {
    let folder = Folder::new("57").with_classes(&["sailboat", "kayak", "gondola", "cruise ship"], 3);
    let transform = || compose![Resize::new([4, 4]), ToTensor];
    let first = CustomImageFolderDataset::new(&folder.0, transform()).unwrap();
    assert_eq!(first.labels, ["cruise ship", "gondola", "kayak", "sailboat"]);
    for _ in 0..100 {
        let again = CustomImageFolderDataset::new(&folder.0, transform()).unwrap();
        assert_eq!((&again.labels, &again.paths), (&first.labels, &first.paths));
    }
    let built_in = ImageFolder::new(&folder.0).unwrap().transform(transform());
    for i in 0..first.len() {
        let ((a, x), (b, y)) = (first.get(i).unwrap(), built_in.get(i).unwrap());
        assert_eq!((a.to_vec::<f32>().unwrap(), x as i64), (b.to_vec::<f32>().unwrap(), y));
    }
}

/// Files of `root` that this process has open.
#[cfg(target_os = "linux")]
fn open_files(root: &Path) -> usize {
    let fds = fs::read_dir("/proc/self/fd").unwrap();
    fds.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok()).filter(|target| target.starts_with(root)).count()
}

#[cfg(target_os = "linux")]
#[test]
fn guide_058_ten_thousand_files_are_opened_when_asked_for_and_closed_again() {
    const WORKERS: usize = 4;
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let folder = Folder::new("58").with_classes(&["a", "b"], 5000);
    let root = folder.0.clone();
    let count = move |x: &Tensor| -> Result<Tensor> {
        MOST.fetch_max(open_files(&root), Ordering::Relaxed);
        Ok(x.clone())
    };
    let train = ImageFolder::new(&folder.0).unwrap().transform(compose![count, ToTensor]);
    assert_eq!(open_files(&folder.0), 0);
    let loader = DataLoader::new(train).batch_size(50).shuffle(true).workers(WORKERS).seed(1);
    let mut pictures = 0;
    for batch in &loader {
        pictures += batch.unwrap().0.shape()[0];
        MOST.fetch_max(open_files(&folder.0), Ordering::Relaxed);
    }
    assert_eq!(pictures, 10_000);
    assert!(MOST.load(Ordering::Relaxed) <= WORKERS + 2);
}

/// A dozen photo-like pictures of different sizes.
fn photos(name: &str) -> Folder {
    let folder = Folder::new(name);
    for (i, file) in
        ["baseline_444.jpg", "progressive_420.jpg", "restart.jpg", "rgb.png", "grey.jpg", "cmyk.jpg"].iter().enumerate()
    {
        for class in ["a", "b"] {
            fs::create_dir_all(folder.0.join(class)).unwrap();
            let ending = file.rsplit('.').next().unwrap();
            fs::copy(fixtures().join(file), folder.0.join(class).join(format!("{i}.{ending}"))).unwrap();
        }
    }
    folder
}

#[test]
fn guide_052_augmented_pixels_are_the_same_for_any_number_of_workers() {
    let folder = photos("52");
    let epoch = |workers: usize| -> Vec<Vec<f32>> {
        let transform = compose![
            RandomResizedCrop::new(32),
            RandomHorizontalFlip::default(),
            ColorJitter::new(0.4, 0.4, 0.4, 0.1),
            RandomAffine::new(20.0),
            RandomPerspective::new(0.5, 0.5),
            GaussianBlur::new(3),
            RandAugment::default(),
            TrivialAugmentWide::default(),
            ToTensor,
            Normalize::new([0.5; 3], [0.25; 3]),
            RandomErasing::default(),
        ];
        let train = ImageFolder::new(&folder.0).unwrap().transform(transform);
        let loader = DataLoader::new(train).batch_size(5).shuffle(true).workers(workers).seed(3);
        (0..2).flat_map(|_| loader.iter().map(|b| b.unwrap().0.to_vec().unwrap()).collect::<Vec<_>>()).collect()
    };
    let alone = epoch(0);
    assert_eq!(alone.len(), 6);
    assert_ne!(alone[0], alone[3]);
    for workers in [1, 2, 4, 10] {
        assert_eq!(epoch(workers), alone, "{workers} workers");
    }
}

#[test]
fn guide_052_a_broken_picture_is_an_error_with_its_name_and_the_loader_goes_on() {
    let folder = photos("52-broken");
    let train = ImageFolder::new(&folder.0).unwrap().transform(compose![Resize::new([8, 8]), ToTensor]);
    let (truncated, gone) = (train.samples()[3].0.clone(), train.samples()[7].0.clone());
    let bytes = fs::read(fixtures().join("baseline_420.jpg")).unwrap();
    fs::write(&truncated, &bytes[..bytes.len() / 2]).unwrap();
    fs::remove_file(&gone).unwrap();
    for workers in [0, 2] {
        let train = ImageFolder::new(&folder.0).unwrap().transform(compose![Resize::new([8, 8]), ToTensor]);
        assert_eq!(train.len(), 11);
        // Listed with the file that is gone by now.
        fs::write(&gone, "").unwrap();
        let train = ImageFolder::new(&folder.0).unwrap().transform(compose![Resize::new([8, 8]), ToTensor]);
        fs::remove_file(&gone).unwrap();
        let loader = DataLoader::new(train).batch_size(1).workers(workers);
        for _ in 0..2 {
            let batches: Vec<_> = loader.iter().collect();
            assert_eq!(batches.len(), 12);
            for (i, batch) in batches.into_iter().enumerate() {
                match i {
                    3 | 7 => {
                        let error = batch.unwrap_err().to_string();
                        let name = if i == 3 { &truncated } else { &gone };
                        assert!(error.contains(&format!("sample {i}")), "{error}");
                        assert!(error.contains(&name.display().to_string()), "{error}");
                    }
                    _ => assert_eq!(batch.unwrap().0.shape(), [1, 3, 8, 8]),
                }
            }
        }
    }
}

#[test]
fn guide_051_a_batch_of_unequal_pictures_says_what_to_do() {
    let folder = photos("51");
    let loader = DataLoader::new(ImageFolder::new(&folder.0).unwrap()).batch_size(4);
    let error = loader.iter().next().unwrap().unwrap_err().to_string();
    assert!(error.contains("samples 0 and 1 have different shapes"), "{error}");
}

#[test]
fn the_transforms_of_the_page_work_on_pictures_of_any_size() {
    let boxed = |t: &dyn Fn() -> Box<dyn Transform>| [t(), t()];
    let all: Vec<(&str, Box<dyn Transform>)> = vec![
        ("RandomApply", Box::new(RandomApply::new([Box::new(Grayscale::new(3)) as _], 0.3))),
        ("RandomChoice", Box::new(RandomChoice::new(boxed(&|| Box::new(RandomInvert::new()))))),
        ("RandomOrder", Box::new(RandomOrder::new(boxed(&|| Box::new(RandomEqualize::new()))))),
        ("Lambda", Box::new(Lambda(|x: &Tensor| Ok(x.clone())))),
        ("Resize", Box::new(Resize::new([9, 14]).interpolation(Interpolation::Bicubic))),
        ("RandomCrop", Box::new(RandomCrop { pad_if_needed: true, ..RandomCrop::new(8).padding(4) })),
        ("RandomResizedCrop", Box::new(RandomResizedCrop::new(7))),
        ("Pad", Box::new(Pad { padding_mode: PaddingMode::Symmetric, fill: 3.0.into(), ..Pad::new([1, 2]) })),
        ("RandomVerticalFlip", Box::new(RandomVerticalFlip::new(0.2))),
        ("ColorJitter", Box::new(ColorJitter::new(0.4, 0.0, 0.3, 0.1))),
        ("RandomGrayscale", Box::new(RandomGrayscale::new().p(0.5))),
        ("RandomRotation", Box::new(RandomRotation::new(30.0))),
        ("RandomAffine", Box::new(RandomAffine { translate: Some([0.1, 0.1]), ..RandomAffine::new(10.0) })),
        ("GaussianBlur", Box::new(GaussianBlur::new(1).sigma([0.1, 2.0]))),
        ("RandomAdjustSharpness", Box::new(RandomAdjustSharpness::new(2.0))),
        ("RandomPosterize", Box::new(RandomPosterize::new(4))),
        ("RandomSolarize", Box::new(RandomSolarize::new(128.0))),
        ("RandomAutocontrast", Box::new(RandomAutocontrast::new())),
        ("RandAugment", Box::new(RandAugment::new(2, 9))),
        ("TrivialAugmentWide", Box::new(TrivialAugmentWide::default())),
        ("AutoAugment", Box::new(AutoAugment::new(AutoAugmentPolicy::ImageNet))),
        ("AutoAugment", Box::new(AutoAugment::new(AutoAugmentPolicy::Cifar10))),
        ("AutoAugment", Box::new(AutoAugment::new(AutoAugmentPolicy::Svhn))),
        ("FiveCrop", Box::new(FiveCrop::new(1))),
        ("TenCrop", Box::new(TenCrop::new([1, 1]))),
        ("ConvertImageDtype", Box::new(ConvertImageDtype::new(DType::F32))),
    ];
    for size in [[1, 1], [1, 9], [5, 3], [20, 31]] {
        for channels in [1, 3] {
            let image = Tensor::randint(0, 256, [channels, size[0], size[1]]).unwrap().to_dtype(DType::U8).unwrap();
            for seed in 0..25 {
                manual_seed(seed);
                for (name, transform) in &all {
                    let y = transform.apply(&image).unwrap_or_else(|e| panic!("{name} on {size:?}: {e}"));
                    assert!(y.numel() > 0, "{name}");
                    // The same draws give the same pixels, and a chain gives what its parts give.
                    manual_seed(seed + 1000);
                    let one = transform.apply(&image).unwrap();
                    manual_seed(seed + 1000);
                    let chain = transform.step(image.clone().into()).unwrap().tensor().unwrap();
                    assert_eq!(one.to_vec::<f32>().unwrap(), chain.to_vec::<f32>().unwrap(), "{name}");
                }
            }
        }
    }
}

#[test]
fn transforms_that_cannot_be_done_say_why() {
    let image = Tensor::zeros([3, 10, 12]).unwrap().to_dtype(DType::U8).unwrap();
    let told = |t: &dyn Transform, x: &Tensor, text: &str| {
        let error = t.apply(x).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    told(&RandomCrop::new(11), &image, "cannot cut 11x11 pixels from a picture of 10x12");
    told(&FiveCrop::new([11, 3]), &image, "11x3 pixels of a picture of 10x12");
    told(&Normalize::new([0.5; 3], [0.5; 3]), &image, "put ToTensor before it");
    told(&GaussianBlur::new(4), &image, "must be odd");
    told(&Resize::new(0), &image, "cannot become");
    told(&CenterCrop::new(usize::MAX), &image, "no picture of");
    told(&Pad::new(-6), &image, "leaves nothing");
    told(&ColorJitter { hue: Some([0.6, 0.9]), ..Default::default() }, &image, "is not in -0.5..=0.5");
    told(&Grayscale::default(), &image.to_dtype(DType::I64).unwrap(), "a picture is u8");
    let floats = ToTensor.apply(&image).unwrap();
    told(&Normalize::new([0.5; 2], [0.5; 3]), &floats, "2 means and 3 stds for 3 channels");
    told(&Normalize::new([0.5; 3], [0.5, 0.0, 0.5]), &floats, "a std is 0");
    let chain = compose![ToTensor, Normalize::new([0.5; 3], [0.5, 0.0, 0.5])];
    told(&chain, &image, "a std is 0");
    told(&RandomErasing { p: 1.0, ..Default::default() }, &image, "put ToTensor before it");
    told(&Resize { max_size: Some(5), ..Resize::new(5) }, &image, "max_size 5 must be greater");
}

#[test]
fn a_grid_has_its_pictures_and_borders_where_torchvision_puts_them() {
    let images = Tensor::arange(1, 4, 1).unwrap().to_dtype(DType::F32).unwrap().reshape([3, 1, 1, 1]).unwrap();
    let images = images.expand([3, 1, 1, 2]).unwrap();
    let options = MakeGridOptions { nrow: 2, padding: 1, pad_value: 9.0, ..Default::default() };
    let grid = make_grid(&images, &options).unwrap();
    assert_eq!(grid.shape(), [3, 5, 7]);
    let expected = [
        [9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0],
        [9.0, 1.0, 1.0, 9.0, 2.0, 2.0, 9.0],
        [9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0],
        [9.0, 3.0, 3.0, 9.0, 9.0, 9.0, 9.0],
        [9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0],
    ];
    assert_eq!(grid.select(0, 2).unwrap().to_vec::<f64>().unwrap(), expected.concat());
    let normalized = make_grid(&images, &MakeGridOptions { normalize: true, ..options }).unwrap();
    assert_eq!(
        normalized.select(0, 0).unwrap().select(0, 1).unwrap().to_vec::<f64>().unwrap()[..5],
        [9.0, 0.0, 0.0, 9.0, 0.5]
    );
}

#[test]
fn written_pictures_read_back_and_a_batch_is_shown_with_its_labels() {
    let folder = Folder::new("written");
    let images = Tensor::rand([5, 3, 20, 30]).unwrap();
    let path = folder.0.join("grid.png");
    let options = MakeGridOptions { nrow: 3, ..Default::default() };
    save_image(&images, &path, &options).unwrap();
    let back = read_image(&path, &DecodeOptions::default()).unwrap();
    let grid = ((make_grid(&images, &options).unwrap() * 255.0).unwrap() + 0.5).unwrap().to_dtype(DType::U8).unwrap();
    assert_eq!(back.to_vec::<u8>().unwrap(), grid.to_vec::<u8>().unwrap());
    assert!(save_image(&images, folder.0.join("grid.xyz"), &options).is_err());

    let path = folder.0.join("batch.png");
    show_batch(&images, &["kayak", "sailboat", "a", "b", "ü"], &path, &ShowOptions::default()).unwrap();
    let shown = read_image(&path, &DecodeOptions::default()).unwrap();
    let first = shown.narrow(1, 4, 20).unwrap().narrow(2, 4, 30).unwrap();
    let expected = ((images.select(0, 0).unwrap() * 255.0).unwrap() + 0.5).unwrap().to_dtype(DType::U8).unwrap();
    assert_eq!(first.to_vec::<u8>().unwrap(), expected.to_vec::<u8>().unwrap());
    // Black dots of letters on white below it.
    let label = shown.narrow(1, 28, 8).unwrap().narrow(2, 4, 30).unwrap().to_vec::<u8>().unwrap();
    assert!(label.contains(&0) && label.contains(&255) && label.iter().all(|v| [0, 255].contains(v)));
    assert!(show_batch(&images, &["one"], &path, &ShowOptions::default()).is_err());
}
