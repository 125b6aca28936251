//! Pictures: idx, CIFAR's records and pickles, MATLAB, columns, libsvm.
use super::*;

pub(super) fn idx(kind: u8, sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 0, kind, sizes.len() as u8];
    sizes.iter().for_each(|size| out.extend(size.to_be_bytes()));
    out.extend(bytes);
    out
}

/// `count` pictures of 28 x 28 whose first two pixels are 255 and the number of the picture.
pub(super) fn squares(count: u32) -> Vec<u8> {
    let pixels: Vec<u8> =
        (0..count).flat_map(|i| (0..784).map(move |p| [255, i as u8].get(p).copied().unwrap_or(0))).collect();
    idx(8, &[count, 28, 28], &pixels)
}

fn check(set: &ImageSet, labels: &[i64]) {
    assert_eq!(set.len(), labels.len());
    assert_eq!(set.labels().unwrap().to_vec::<i64>().unwrap(), labels);
    assert_eq!(set.images().unwrap().shape(), [labels.len(), 1, 28, 28]);
    for (i, &label) in labels.iter().enumerate() {
        let (image, found) = set.get(i).unwrap();
        let pixels = image.to_vec::<f32>().unwrap();
        assert_eq!((image.shape(), found, pixels[0], pixels[1]), (&[1, 28, 28][..], label, 1.0, i as f32 / 255.0));
        assert_eq!(set.image(i).unwrap().to_vec::<u8>().unwrap()[1], i as u8);
    }
    assert!(set.get(labels.len()).is_err());
}

#[test]
fn mnist_family() {
    let home = Home::new("mnist");
    home.put("MNIST/raw/train-images-idx3-ubyte.gz", gz(&squares(3)));
    home.put("MNIST/raw/train-labels-idx1-ubyte", idx(8, &[3], &[5, 0, 9]));
    home.put("t10k-images-idx3-ubyte", squares(1));
    home.put("t10k-labels-idx1-ubyte.gz", gz(&idx(8, &[1], &[7])));
    check(&Mnist::train(home.folder()).unwrap(), &[5, 0, 9]);
    let test = FashionMnist::test(home.folder()).unwrap();
    check(&test, &[7]);
    assert_eq!(test.classes()[7], "Sneaker");
    check(&Kmnist::test(home.folder()).unwrap(), &[7]);
    let error = Mnist::train(home.strict()).unwrap_err().to_string();
    assert!(error.contains("f68b3c2dcbeaaa9fbdd348bbdeb94873"), "{error}");
}

#[test]
fn qmnist_labels_are_the_first_of_eight_numbers() {
    let home = Home::new("qmnist");
    let rows: Vec<u8> = [[4i32, 1, 70000, 3, 0, 0, 0, 0], [2, 9, 9, 9, 9, 9, 9, 9]]
        .concat()
        .iter()
        .flat_map(|n| n.to_be_bytes())
        .collect();
    home.put("qmnist-train-images-idx3-ubyte.gz", gz(&squares(2)));
    home.put("qmnist-train-labels-idx2-int.gz", gz(&idx(12, &[2, 8], &rows)));
    check(&Qmnist::train(home.folder()).unwrap(), &[4, 2]);
}

#[test]
fn emnist_from_its_archive() {
    let home = Home::new("emnist");
    let (pictures, labels) = (gz(&squares(2)), gz(&idx(8, &[2], &[1, 26])));
    home.put(
        "EMNIST/raw/gzip.zip",
        zip(&[
            ("gzip/emnist-letters-train-images-idx3-ubyte.gz", &pictures),
            ("gzip/emnist-letters-train-labels-idx1-ubyte.gz", &labels),
        ]),
    );
    let letters = Emnist::train(home.folder(), EmnistSplit::Letters).unwrap();
    check(&letters, &[1, 26]);
    assert_eq!((letters.classes()[0].as_str(), letters.classes()[26].as_str()), ("N/A", "z"));
    home.put("emnist-balanced-test-images-idx3-ubyte", squares(1));
    home.put("emnist-balanced-test-labels-idx1-ubyte", idx(8, &[1], &[46]));
    let balanced = Emnist::test(home.folder(), "balanced".parse().unwrap()).unwrap();
    assert_eq!((balanced.classes().len(), balanced.classes()[46].as_str()), (47, "t"));
    assert_eq!("byclass".parse::<EmnistSplit>().unwrap(), EmnistSplit::ByClass);
    assert!("greek".parse::<EmnistSplit>().is_err());
    assert!(Emnist::test(home.folder(), EmnistSplit::Digits).unwrap_err().to_string().contains("gzip.zip"));
}

/// A record: labels, then 1024 bytes each of red, green and blue.
pub(super) fn record(labels: &[u8], colours: [u8; 3]) -> Vec<u8> {
    labels.iter().copied().chain(colours.into_iter().flat_map(|c| [c; 1024])).collect()
}

#[test]
fn cifar_binary() {
    let home = Home::new("cifar-binary");
    for i in 1..=5u8 {
        home.put(&format!("cifar-10-batches-bin/data_batch_{i}.bin"), record(&[i], [i, 2 * i, 3 * i]));
    }
    let train = Cifar10::train(home.folder()).unwrap();
    assert_eq!(train.labels().unwrap().to_vec::<i64>().unwrap(), [1, 2, 3, 4, 5]);
    let image = train.image(2).unwrap().to_vec::<u8>().unwrap();
    assert_eq!((image[0], image[1023], image[1024], image[3071]), (3, 3, 6, 9));
    assert_eq!(train.classes()[3], "cat");

    let both = [record(&[11, 19], [1, 2, 3]), record(&[0, 99], [4, 5, 6])].concat();
    home.put(
        "cifar-100-binary.tar.gz",
        gz(&tar(&[("cifar-100-binary/train.bin", &both), ("cifar-100-binary/x", b"")])),
    );
    let fine = Cifar100::train(home.folder()).unwrap();
    assert_eq!(fine.labels().unwrap().to_vec::<i64>().unwrap(), [19, 99]);
    assert_eq!((fine.classes()[19].as_str(), fine.image(1).unwrap().to_vec::<u8>().unwrap()[0]), ("cattle", 4));
    let coarse = Cifar100::train_coarse(home.folder()).unwrap();
    assert_eq!(coarse.labels().unwrap().to_vec::<i64>().unwrap(), [11, 0]);
    assert_eq!(coarse.classes()[11], "large_omnivores_and_herbivores");

    home.put("cifar-10-batches-bin/test_batch.bin", &record(&[1], [0; 3])[..3000]);
    let error = Cifar10::test(home.folder()).unwrap_err().to_string();
    assert!(error.contains("test_batch.bin: the record at byte 0 is cut off: 3000 of 3073 bytes"), "{error}");
    home.put("cifar-10-batches-bin/test_batch.bin", record(&[10], [0; 3]));
    assert!(Cifar10::test(home.folder()).unwrap_err().to_string().contains("label 10 is none of 10 classes"));
}

/// The bytes of a batch as Python 2 and the NumPy of 2009 wrote them.
pub(super) fn python2(labels: &[u8], pixels: &[u8]) -> Vec<u8> {
    let mut out =
        b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05(".to_vec();
    labels.iter().for_each(|&label| out.extend([b'K', label]));
    out.extend(b"eU\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85q\x09U\x01bq\x0a\x87q\x0bRq\x0c(K\x01K");
    out.push(labels.len() as u8);
    out.extend(b"M\x00\x0c\x86q\x0dcnumpy\ndtype\nq\x0eU\x02u1q\x0fK\x00K\x01\x87q\x10Rq\x11(K\x03U\x01|q\x12NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x13b\x89T");
    out.extend((pixels.len() as u32).to_le_bytes());
    out.extend(pixels);
    out.extend(b"q\x14tq\x15bU\x09filenamesq\x16]q\x17(U\x05a.pngq\x18U\x05b.pngq\x19eu.");
    out
}

#[test]
fn cifar_python() {
    let home = Home::new("cifar-python");
    let pixels: Vec<u8> = (0..2 * 3072).map(|i| (i % 251) as u8).collect();
    home.put("cifar-10-batches-py/test_batch", python2(&[6, 9], &pixels));
    let test = Cifar10::test(home.folder()).unwrap();
    assert_eq!(test.labels().unwrap().to_vec::<i64>().unwrap(), [6, 9]);
    assert_eq!(test.images().unwrap().to_vec::<u8>().unwrap(), pixels);
    // Written by Python 3, whose `pickle` has two more ways to say bytes.
    let expected: Vec<u8> = (0..3072u32).map(|i| (i * 7 % 251) as u8).collect();
    for bytes in [&include_bytes!("cifar_protocol2.pickle")[..], include_bytes!("cifar_protocol4.pickle")] {
        home.put("cifar-100-python.tar.gz", gz(&tar(&[("cifar-100-python/train", bytes)])));
        let train = Cifar100::train(home.folder()).unwrap();
        assert_eq!(train.images().unwrap().to_vec::<u8>().unwrap(), expected);
        assert_eq!(train.labels().unwrap().to_vec::<i64>().unwrap(), [19]);
        assert_eq!(Cifar100::train_coarse(home.folder()).unwrap().get(0).unwrap().1, 11);
    }
    // A pickle that would run a program where Python read it.
    home.put("cifar-10-batches-py/test_batch", b"\x80\x02cposix\nsystem\nU\x04true\x85R.");
    let error = Cifar10::test(home.folder()).unwrap_err().to_string();
    assert!(error.contains("test_batch") && error.contains("posix"), "{error}");
    // Tuples in tuples without end.
    home.put("cifar-10-batches-py/test_batch", [&b"\x80\x02)"[..], &[0x85; 100_000], b"."].concat());
    assert!(Cifar10::test(home.folder()).is_err());
}

fn element(kind: u32, data: &[u8]) -> Vec<u8> {
    let mut out = [kind.to_le_bytes(), (data.len() as u32).to_le_bytes()].concat();
    out.extend(data);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

fn mat_array(class: u8, sizes: &[i32], name: &str, data: Vec<u8>) -> Vec<u8> {
    let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
    // A short name is inside of its tag.
    let mut tag = [1u16.to_le_bytes(), (name.len() as u16).to_le_bytes()].concat();
    tag.extend(name.bytes());
    tag.resize(8, 0);
    let parts = [element(6, &[class, 0, 0, 0, 0, 0, 0, 0]), element(5, &sizes), tag, data];
    element(14, &parts.concat())
}

/// Two pictures in a file of MATLAB: row r, column c, channel h of picture n is `r + 3c + 50h + 100n`.
pub(super) fn mat(packed: bool) -> Vec<u8> {
    let mut x = Vec::new();
    for n in 0..2u32 {
        for h in 0..3 {
            (0..32).for_each(|c| x.extend((0..32).map(|r| (r + 3 * c + 50 * h + 100 * n) as u8)));
        }
    }
    let labels: Vec<u8> = [10f64, 3.0].iter().flat_map(|label| label.to_le_bytes()).collect();
    let y = if packed {
        mat_array(9, &[2, 1], "y", element(2, &[10, 3]))
    } else {
        mat_array(6, &[2, 1], "y", element(9, &labels))
    };
    let mut out = b"MATLAB 5.0 MAT-file".to_vec();
    out.resize(124, b' ');
    out.extend([0, 1, b'I', b'M']);
    for array in [mat_array(9, &[32, 32, 3, 2], "X", element(2, &x)), y] {
        if packed {
            let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            zlib.write_all(&array).unwrap();
            let zlib = zlib.finish().unwrap();
            out.extend([15u32.to_le_bytes(), (zlib.len() as u32).to_le_bytes()].concat());
            out.extend(zlib);
        } else {
            out.extend(array);
        }
    }
    out
}

#[test]
fn svhn_from_matlab() {
    let home = Home::new("svhn");
    for packed in [true, false] {
        home.put("SVHN/train_32x32.mat", mat(packed));
        let train = Svhn::train(home.folder()).unwrap();
        assert_eq!(train.labels().unwrap().to_vec::<i64>().unwrap(), [0, 3]);
        let pixels = train.images().unwrap().to_vec::<u8>().unwrap();
        for (i, &pixel) in pixels.iter().enumerate() {
            let (n, h, r, c) = (i / 3072, i / 1024 % 3, i / 32 % 32, i % 32);
            assert_eq!(pixel, (r + 3 * c + 50 * h + 100 * n) as u8);
        }
    }
    home.put("SVHN/test_32x32.mat", "MATLAB 7.3");
    assert!(Svhn::test(home.folder()).unwrap_err().to_string().contains("it does not begin as a MATLAB 5 file"));
}

pub(super) fn columns(count: usize) -> Vec<u8> {
    (0..count * 3 * 96 * 96).map(|i| (i % 96 + 2 * (i / 96 % 96)) as u8).collect()
}

#[test]
fn stl10_columns_become_rows() {
    let home = Home::new("stl10");
    let (x, fold) = (columns(2), b"1 0\n0\n");
    home.put(
        "stl10_binary.tar.gz",
        gz(&tar(&[
            ("stl10_binary/train_X.bin", &x),
            ("stl10_binary/train_y.bin", &[10, 1]),
            ("stl10_binary/fold_indices.txt", fold),
        ])),
    );
    let train = Stl10::train(home.folder()).unwrap();
    assert_eq!(train.labels().unwrap().to_vec::<i64>().unwrap(), [9, 0]);
    let image = train.image(1).unwrap().to_vec::<u8>().unwrap();
    // Down a column by one, along a row by two.
    assert!(image.iter().enumerate().all(|(i, &pixel)| pixel == (i / 96 % 96 + 2 * (i % 96)) as u8));
    assert_eq!(Stl10::fold(home.folder(), 0).unwrap(), [1, 0]);
    assert!(Stl10::fold(home.folder(), 2).is_err());
    home.put("stl10_binary/unlabeled_X.bin", columns(1));
    assert_eq!(Stl10::unlabeled(home.folder()).unwrap().get(0).unwrap().1, -1);
    home.put("stl10_binary/unlabeled_X.bin", &columns(1)[..20_000]);
    assert!(Stl10::unlabeled(home.folder()).unwrap_err().to_string().contains("is cut off"));
}

pub(super) fn libsvm() -> String {
    let values: Vec<String> = (1..=256).map(|i| format!("{i}:{}", i as f32 / 128.0 - 1.0)).collect();
    format!("8 {} \n10 {}\n", values.join(" "), vec!["1:-1.0"; 256].join(" "))
}

#[test]
fn usps_from_libsvm() {
    let home = Home::new("usps");
    home.put("usps.bz2", bz2(libsvm().as_bytes()));
    let train = Usps::train(home.folder()).unwrap();
    assert_eq!(train.labels().unwrap().to_vec::<i64>().unwrap(), [7, 9]);
    let image = train.image(0).unwrap();
    assert_eq!(image.shape(), [1, 16, 16]);
    let expected: Vec<u8> = (1..=256).map(|i| (i as f32 / 256.0 * 255.0) as u8).collect();
    assert_eq!(image.to_vec::<u8>().unwrap(), expected);
    home.put("usps.t.bz2", bz2(b"8 1:0.5\n"));
    assert!(Usps::test(home.folder()).unwrap_err().to_string().contains("line 1: there are 1 values of 256"));
}

#[test]
fn fake_pictures_are_the_same_each_time() {
    let set = FakeData::new(10, [3, 4, 5], 7).unwrap();
    let (a, b) = (set.get(3).unwrap(), set.get(3).unwrap());
    assert_eq!((a.0.to_vec::<f32>().unwrap(), a.1), (b.0.to_vec::<f32>().unwrap(), b.1));
    assert_ne!(a.0.to_vec::<f32>().unwrap(), set.get(4).unwrap().0.to_vec::<f32>().unwrap());
    assert!(set.get(10).is_err() && FakeData::new(1, [1, 1, 1], 0).is_err());
}
