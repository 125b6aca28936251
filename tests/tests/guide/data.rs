//! Data sets, the loader, and texts of different lengths.
use flambeau::data::{
    BucketSampler, DistributedSampler, PadOptions, SortByLength, TensorDataset,
    datasets::{AgNews, Digits, Folder, Mnist},
    pad_collate, pad_sequence,
    text::{BasicEnglish, Tokenizer, Vocab, VocabOptions, pad_ids_collate},
};
use flambeau::prelude::*;

/// Pictures that cost nothing, as many as the guide's folder has.
fn pictures(size: usize) -> Result<impl Dataset<Item = (Tensor, i64)> + 'static> {
    let picture = Tensor::zeros([3, size, size])?;
    Ok((0..847i64).collect::<Vec<_>>().map(move |i| Ok((picture.clone(), i % 6))))
}

/// A folder of a test's own.
fn folder(name: &str) -> Result<std::path::PathBuf> {
    let folder = std::env::temp_dir().join(format!("flambeau-guide-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[test]
fn guide_044_a_prebuilt_dataset_reads_its_original_files() -> Result<()> {
    let home = folder("mnist")?;
    // Two pictures of 2 x 2 in the format of MNIST; every other data set has such a test in the crate `data`.
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2][..], &[0, 51, 102, 153, 204, 255, 0, 1]].concat();
    std::fs::write(home.join("train-images-idx3-ubyte"), &images)?;
    std::fs::write(home.join("train-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 2, 7, 3])?;
    let train = Mnist::train(home.as_path())?;
    let (image, label) = train.get(0)?;
    assert_eq!((image.shape(), label, train.len()), (&[1, 2, 2][..], 7, 2));
    assert_eq!(image.to_vec::<f32>()?, [0.0, 0.2, 0.4, 0.6]);

    std::fs::write(home.join("train-images-idx3-ubyte"), &images[..20])?;
    let error = Mnist::train(home.as_path()).unwrap_err().to_string();
    assert!(error.contains("train-images-idx3-ubyte: sizes [2, 2, 2]") && error.contains("from byte 16 on"), "{error}");
    let error = Mnist::test(home.as_path()).unwrap_err().to_string();
    assert!(error.contains("get train-images-idx3-ubyte.gz") && error.contains("MNIST/raw"), "{error}");
    std::fs::remove_dir_all(home)?;
    Ok(())
}

#[test]
fn guide_045_a_prebuilt_text_dataset_to_batches_of_numbers() -> Result<()> {
    let home = folder("ag-news")?;
    let csv = "\"3\",\"Wall St. Bears\",\"Short-sellers are seeing green again.\"\n\"4\",\"Oil\",\"prices\"\n";
    std::fs::write(home.join("train.csv"), csv)?;
    let error = AgNews::train(home.as_path()).unwrap_err().to_string();
    assert!(error.contains("its MD5 is"), "{error}");
    let train = AgNews::train(Folder::new(&home).verify(false))?;
    assert_eq!(train.get(0)?, (3, "Wall St. Bears Short-sellers are seeing green again.".to_string()));

    let tokens = train.texts().iter().map(|text| BasicEnglish.tokens(text));
    let vocab = Vocab::build(tokens, VocabOptions { specials: &["<pad>", "<unk>"], ..Default::default() })?;
    let numbers = train.map(move |(label, text)| Ok((vocab.encode(&BasicEnglish.tokens(&text))?, label - 1)));
    let loader = DataLoader::with_collate(numbers, pad_ids_collate(0)).batch_size(2);
    let (x, y) = loader.iter().next().unwrap()?;
    assert_eq!((x.shape(), y.to_vec::<i64>()?), (&[2, 10][..], vec![2, 3]));
    assert_eq!(x.select(0, 1)?.to_vec::<i64>()?[2..], [0; 8]);
    std::fs::remove_dir_all(home)?;
    Ok(())
}

#[test]
fn guide_053_a_batch_is_a_stack_of_samples() -> Result<()> {
    let loader = DataLoader::new(pictures(224)?.take(130)).batch_size(64).shuffle(true).workers(2);
    for (i, batch) in (&loader).into_iter().enumerate() {
        let (x, y) = batch?;
        let samples = if i == 2 { 2 } else { 64 };
        assert_eq!((x.shape(), x.dtype()), (&[samples, 3, 224, 224][..], DType::F32));
        assert_eq!((y.shape(), y.dtype()), (&[samples][..], DType::I64));
    }
    let loader = DataLoader::new(pictures(8)?).batch_size(64).shuffle(true).workers(10);
    assert_eq!(loader.len(), 14);
    let sizes = loader.iter().map(|batch| batch?.1.size(0)).collect::<Result<Vec<_>>>()?;
    assert_eq!(sizes, [&[64; 13][..], &[15]].concat());
    Ok(())
}

#[test]
fn guide_054_from_data_to_predictions() -> Result<()> {
    let model = Sequential::new((Flatten::default(), Linear::new(64, 10)?));
    let train_dataset = Digits::train()?;
    let train_loader = DataLoader::new(train_dataset).batch_size(64).shuffle(true).workers(10);
    for batch in &train_loader {
        let (image_batch, _labels) = batch?;
        let pred = model.forward(&image_batch)?;
        assert_eq!(pred.shape(), [image_batch.size(0)?, 10]);
    }
    Ok(())
}

#[test]
fn guide_055_a_frozen_body_does_not_move_while_its_new_head_learns() -> Result<()> {
    let body = Linear::new(64, 16)?;
    body.requires_grad_(false);
    let head = Linear::new(16, 10)?;
    let before = body.weight.to_bytes()?;
    let head_before = head.weight.to_bytes()?;
    let all = body.parameters().into_iter().chain(head.parameters());
    let trained: Vec<_> = all.filter(|p| p.requires_grad()).collect();
    let mut optimizer = Adam::new(trained, 1e-2)?;
    for batch in &DataLoader::new(Digits::train()?.take(256)).batch_size(64) {
        let (x, y) = batch?;
        optimizer.zero_grad();
        let features = body.forward(&x.flatten(1, -1)?)?.relu()?;
        cross_entropy(&head.forward(&features)?, &y)?.backward()?;
        optimizer.step()?;
    }
    assert_eq!(body.weight.to_bytes()?, before);
    assert_ne!(head.weight.to_bytes()?, head_before);
    Ok(())
}

/// A data set of the user's own: two functions.
struct Squares;

impl Dataset for Squares {
    type Item = (f32, i64);
    fn len(&self) -> usize {
        100
    }
    fn get(&self, index: usize) -> Result<(f32, i64)> {
        Ok(((index * index) as f32, index as i64))
    }
}

#[test]
fn guide_056_a_dataset_of_ones_own_works_with_every_option() -> Result<()> {
    let seen = |loader: &DataLoader<Squares, (Tensor, Tensor)>| -> Result<Vec<i64>> {
        let batches = loader.iter().map(|batch| batch?.1.to_vec::<i64>()).collect::<Result<Vec<_>>>()?;
        Ok(batches.into_iter().flatten().collect())
    };
    let mut all = seen(&DataLoader::new(Squares).batch_size(32).shuffle(true).workers(2).prefetch(1).seed(1))?;
    assert_ne!(all, (0..100).collect::<Vec<_>>());
    all.sort_unstable();
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    assert_eq!(seen(&DataLoader::new(Squares).batch_size(32).drop_last(true))?.len(), 96);
    let part = DistributedSampler::new(100, 1, 3)?.shuffle(false);
    assert_eq!(seen(&DataLoader::new(Squares).sampler(part).batch_size(8))?[..3], [1, 4, 7]);
    let buckets = BucketSampler::new(0..100, 7)?;
    assert_eq!(seen(&DataLoader::new(Squares).batch_sampler(buckets).device(&Device::cpu()))?.len(), 100);
    Ok(())
}

#[test]
fn guide_059_combinators() -> Result<()> {
    let all = |d: &dyn Dataset<Item = i64>| (0..d.len()).map(|i| d.get(i)).collect::<Result<Vec<_>>>();
    let numbers: Vec<i64> = (0..10).collect();
    assert_eq!(all(&numbers.clone().map(|x| Ok(x * x)).take(4))?, [0, 1, 4, 9]);
    assert_eq!(all(&numbers.clone().subset(vec![7, 0])?.concat(vec![70]))?, [7, 0, 70]);
    assert_eq!(all(&numbers.clone().cache().repeat(2))?.len(), 20);
    assert_eq!(numbers.clone().zip(vec!["a"; 10])?.get(3)?, (3, "a"));

    let parts = pictures(1)?.random_split([0.8, 0.2], 42)?;
    assert_eq!([parts[0].len(), parts[1].len()], [678, 169]);
    let mut seen = [parts[0].indices(), parts[1].indices()].concat();
    seen.sort_unstable();
    assert_eq!(seen, (0..847).collect::<Vec<_>>());
    let again = pictures(1)?.random_split([678usize, 169], 42)?;
    assert_eq!(again[1].indices(), parts[1].indices());
    Ok(())
}

/// The guide's text data set: pairs sorted by the length of the text; without labels, `y` is `None`.
struct CustomTextDataset<Y> {
    data: Vec<(Vec<i64>, Option<Y>)>,
}

impl<Y: Clone> CustomTextDataset<Y> {
    fn new(x: Vec<Vec<i64>>, y: Option<Vec<Y>>) -> CustomTextDataset<Y> {
        let labels: Vec<Option<Y>> = match y {
            Some(y) => y.into_iter().map(Some).collect(),
            None => vec![None; x.len()],
        };
        let mut data: Vec<_> = x.into_iter().zip(labels).collect();
        data.sort_by_key(|(text, _)| text.len());
        CustomTextDataset { data }
    }
}

impl<Y: Clone + Send + Sync> Dataset for CustomTextDataset<Y> {
    type Item = (Vec<i64>, Option<Y>);
    fn len(&self) -> usize {
        self.data.len()
    }
    fn get(&self, index: usize) -> Result<Self::Item> {
        Ok(self.data[index].clone())
    }
}

/// The guide's random texts: 1024 of 50 to 299 words below 10,000.
fn texts() -> Result<(Vec<Vec<i64>>, Vec<f32>)> {
    manual_seed(0);
    let lengths = Tensor::randint(50, 300, [1024])?.to_vec::<i64>()?;
    let x = lengths.iter().map(|&n| Tensor::randint(0, 10_000, [n as usize])?.to_vec()).collect::<Result<_>>()?;
    Ok((x, Tensor::randint(0, 2, [1024])?.to_dtype(DType::F32)?.to_vec()?))
}

/// The guide's collate function: zeros up to the longest text of the batch.
fn collate_text(batch: Vec<(Vec<i64>, Option<f32>)>) -> Result<(Tensor, Tensor)> {
    let (texts, labels): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let texts: Vec<Tensor> = texts.iter().map(|t| Tensor::from_slice(t, [t.len()])).collect::<Result<_>>()?;
    let x = pad_sequence(&texts, PadOptions { batch_first: true, padding_value: 0.0 })?;
    let labels: Vec<f32> = labels.into_iter().flatten().collect();
    Ok((x, Tensor::from_slice(&labels, [labels.len()])?))
}

#[test]
fn guide_064_texts_of_like_lengths_need_little_padding() -> Result<()> {
    let (x, _) = texts()?;
    let lengths: Vec<usize> = x.iter().map(Vec::len).collect();
    let samples = || x.clone().map(|text| Tensor::from_slice(&text, [text.len()]));
    let waste = |loader: DataLoader<_, Tensor>| {
        let loader = loader.workers(2).seed(0).collate(pad_collate(0));
        assert_eq!(loader.iter().flatten().count(), 16);
        loader.report().padding_waste()
    };
    let random = waste(DataLoader::new(samples()).batch_size(64).shuffle(true));
    let sorted = waste(DataLoader::new(samples()).batch_size(64).sampler(SortByLength::new(lengths.clone())));
    let buckets = waste(DataLoader::new(samples()).batch_sampler(BucketSampler::new(lengths, 64)?));
    // With NumPy: 39.9 % in random order, 4.0 % sorted.
    assert!(random > 0.35 && sorted < 0.05 && buckets < 0.05, "{random} {sorted} {buckets}");
    Ok(())
}

#[test]
fn guide_065_a_text_dataset_sorted_by_length() -> Result<()> {
    let x = vec![vec![1, 2, 3], vec![4], vec![5, 6, 7], vec![8]];
    let dataset = CustomTextDataset::new(x.clone(), Some(vec![0.0, 1.0, 2.0, 3.0]));
    // Equal lengths stay in their order.
    let labels: Vec<_> = (0..4).map(|i| dataset.get(i).unwrap().1.unwrap()).collect();
    assert_eq!((dataset.len(), labels), (4, vec![1.0, 3.0, 0.0, 2.0]));
    let unlabelled = CustomTextDataset::<f32>::new(x, None);
    assert_eq!(unlabelled.get(0)?, (vec![4], None));
    Ok(())
}

#[test]
fn guide_066_random_texts() -> Result<()> {
    let (x, y) = texts()?;
    println!("{:?}", (&x[0], y[0]));
    assert_eq!((x.len(), y.len()), (1024, 1024));
    assert!(x.iter().all(|text| (50..300).contains(&text.len())));
    assert!(x.iter().flatten().all(|id| (0..10_000).contains(id)));
    assert!(y.iter().all(|label| [0.0, 1.0].contains(label)) && y.contains(&0.0) && y.contains(&1.0));
    Ok(())
}

#[test]
fn guide_067_ragged_texts_need_a_padding_collate() -> Result<()> {
    let ragged = || -> Result<Vec<(Tensor, f32)>> {
        [50, 50, 50, 51].into_iter().map(|n| Ok((Tensor::zeros([n])?, 0.0))).collect()
    };
    for workers in [0, 2] {
        let loader = DataLoader::new(ragged()?).batch_size(2).workers(workers);
        for _ in 0..2 {
            let mut batches = loader.iter();
            assert_eq!(batches.next().unwrap()?.0.shape(), [2, 50]);
            let error = batches.next().unwrap().unwrap_err().to_string();
            assert_eq!(
                error,
                "in batch 1: collate: samples 2 and 3 have different shapes in field .0: f32[50] and f32[51]; make them \
                 equal in the dataset's `get`, or use a padding collate: `.collate(pad_collate(0))`, or one of your own \
                 with `pad_sequence`"
            );
        }
        assert_eq!(loader.collate(pad_collate(0)).iter().nth(1).unwrap()?.0.shape(), [2, 51]);
    }
    Ok(())
}

#[test]
fn guide_068_collate_text_pads_to_the_longest_of_the_batch() -> Result<()> {
    let (x, y) = texts()?;
    let mut sorted = x.clone();
    sorted.sort_by_key(Vec::len);
    let train_dataset = CustomTextDataset::new(x, Some(y));
    let loader = DataLoader::with_collate(train_dataset, collate_text).batch_size(64).workers(2);
    let mut widths = Vec::new();
    for (batch, texts) in loader.iter().zip(sorted.chunks(64)) {
        let (x, y) = batch?;
        let width = texts.iter().map(Vec::len).max().unwrap();
        assert_eq!((x.shape(), x.dtype(), y.shape()), (&[64, width][..], DType::I64, &[64][..]));
        // Row by row: the text, then zeros.
        let rows = texts.iter().flat_map(|t| t.iter().copied().chain(std::iter::repeat(0)).take(width));
        assert!(x.to_vec::<i64>()?.into_iter().eq(rows));
        widths.push(width);
    }
    assert_eq!(widths.len(), 16);
    assert!(widths.is_sorted());
    assert_eq!(widths.last(), sorted.last().map(Vec::len).as_ref());
    Ok(())
}

#[derive(Module)]
struct BiLSTM {
    embedding: Embedding,
    lstm: LSTM,
    linear: Linear,
}

impl Forward for BiLSTM {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (h, _) = self.lstm.forward(&self.embedding.forward(x)?, None)?;
        self.linear.forward(&h.max_dim(1, DROP)?.0)?.squeeze_dim(1)
    }
}

#[test]
fn guide_069_a_bilstm_learns_from_texts_of_different_lengths() -> Result<()> {
    manual_seed(1);
    // Words 2 to 49; a text with the word 1 in it is of the second kind.
    let lengths = Tensor::randint(5, 30, [512])?.to_vec::<i64>()?;
    let mut samples = Vec::new();
    for (i, &n) in lengths.iter().enumerate() {
        let mut text = Tensor::randint(2, 50, [n as usize])?.to_vec::<i64>()?;
        let label = i % 2;
        if label == 1 {
            text[i % n as usize] = 1;
        }
        samples.push((Tensor::from_slice(&text, [text.len()])?, label as f32));
    }
    let order = BucketSampler::new(lengths.into_iter().map(|n| n as usize), 16)?;
    let loader = DataLoader::new(samples).batch_sampler(order).collate(pad_collate(0)).workers(2).seed(0);
    let options = LSTMOptions { batch_first: true, bidirectional: true, ..Default::default() };
    let model = BiLSTM {
        embedding: Embedding::new(50, 16)?,
        lstm: LSTM::with_options(16, 16, options)?,
        linear: Linear::new(32, 1)?,
    };
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let mut last = f64::INFINITY;
    for _ in 0..5 {
        let mut mean = Mean::new();
        for batch in &loader {
            let (x, y) = batch?;
            optimizer.zero_grad();
            let loss = binary_cross_entropy_with_logits(&model.forward(&x)?, &y)?;
            loss.backward()?;
            optimizer.step()?;
            mean.update(loss.item::<f64>()?, y.numel());
        }
        last = mean.value();
    }
    assert!(last < 0.1, "{last}");
    Ok(())
}

#[test]
fn guide_060_a_tensor_dataset_through_the_same_loader() -> Result<()> {
    let samples = TensorDataset::new((Tensor::zeros([847, 3, 8, 8])?, Tensor::randint(0, 6, [847])?))?;
    let loader = DataLoader::new(samples).batch_size(64).shuffle(true).workers(2);
    let sizes = loader.iter().map(|batch| batch?.0.size(0)).collect::<Result<Vec<_>>>()?;
    assert_eq!(sizes, [&[64; 13][..], &[15]].concat());
    Ok(())
}
