//! Stopping a training and going on as if it had never stopped.
use data::LoaderState;
use files::StateDict;
use nn::Module;
use optim::Optimizer;
use std::{collections::BTreeMap, path::Path};
use tensor_core::{
    Error, ErrorKind, Result,
    rng::{self, Generator, Key},
};

/// Everything that a training needs to go on with the same bits: model, optimizer, schedule, random numbers, and where
/// the loader stands. One safetensors file, in which the model's weights stand under `model.`.
///
/// ```
/// use nn::{Linear, Module};
/// use optim::{Adam, Optimizer};
/// use train::Checkpoint;
/// # fn main() -> tensor_core::Result<()> {
/// # let path = std::env::temp_dir().join(format!("flambeau-doc-{}.safetensors", std::process::id()));
/// let model = Linear::new(3, 2)?;
/// let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
/// Checkpoint::new(&model, &optimizer)?.with_epoch(3).with_metadata("author", "me").save(&path)?;
///
/// let checkpoint = Checkpoint::load(&path)?;
/// checkpoint.restore(&model, &mut optimizer)?;
/// assert_eq!(checkpoint.epoch, 3);
/// # std::fs::remove_file(path).ok();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Epochs that are done.
    pub epoch: u64,
    /// Optimizer steps that are done.
    pub step: u64,
    /// Where the loader stands.
    pub loader: Option<LoaderState>,
    /// This thread's random numbers.
    pub generator: Generator,
    /// Whatever else is worth knowing.
    pub metadata: BTreeMap<String, String>,
    sections: BTreeMap<String, StateDict>,
}

/// Says that a file is a checkpoint, and in which layout.
const FORMAT: (&str, &str) = ("flambeau.checkpoint", "1");
/// In front of the user's own keys.
const USER: &str = "user.";

impl Checkpoint {
    /// What model, optimizer and this thread's random numbers are now. Later steps do not change it.
    pub fn new(model: &impl Module, optimizer: &dyn Optimizer) -> Result<Checkpoint> {
        let mut checkpoint = Checkpoint {
            epoch: 0,
            step: 0,
            loader: None,
            generator: rng::generator(),
            metadata: BTreeMap::new(),
            sections: BTreeMap::new(),
        };
        checkpoint.sections.insert("model".into(), model.state_dict());
        checkpoint.sections.insert("optimizer".into(), optimizer.state_dict()?);
        Ok(checkpoint)
    }

    /// Notes the number of epochs that are done.
    #[must_use]
    pub fn with_epoch(mut self, epoch: u64) -> Checkpoint {
        self.epoch = epoch;
        self
    }
    /// Notes the number of optimizer steps that are done.
    #[must_use]
    pub fn with_step(mut self, step: u64) -> Checkpoint {
        self.step = step;
        self
    }
    /// Adds where the loader stands: `loader.state()`.
    #[must_use]
    pub fn with_loader(mut self, state: LoaderState) -> Checkpoint {
        self.loader = Some(state);
        self
    }
    /// Adds a word of the user's own.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Checkpoint {
        self.metadata.insert(key.into(), value.into());
        self
    }
    /// Adds another state under a name without dots: `with_section("scheduler", scheduler.state_dict()?)`.
    #[must_use]
    pub fn with_section(mut self, name: impl Into<String>, state: StateDict) -> Checkpoint {
        self.sections.insert(name.into(), state);
        self
    }

    /// A state by its name: `scheduler.load_state_dict(checkpoint.section("scheduler")?)?`.
    pub fn section(&self, name: &str) -> Result<&StateDict> {
        self.sections.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.sections.keys().map(String::as_str).collect();
            refused(format!("the checkpoint has no {name:?}, only {}", names.join(", ")))
        })
    }

    /// Puts model, optimizer and this thread's random numbers back to what they were.
    pub fn restore(&self, model: &impl Module, optimizer: &mut dyn Optimizer) -> Result<()> {
        model.load_state_dict(self.section("model")?)?;
        optimizer.load_state_dict(self.section("optimizer")?)?;
        rng::set_generator(self.generator);
        Ok(())
    }

    /// Writes the file: a kill at any moment leaves the old one or the new one whole.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut file = StateDict::new();
        for (name, state) in &self.sections {
            if name.is_empty() || name.contains('.') {
                return Err(refused(format!("{name:?} is no name of a section: it must not be empty or have dots")));
            }
            file.insert_all(&format!("{name}."), state);
        }
        let mut note = |key: &str, value: String| file.metadata.insert(key.to_string(), value);
        note(FORMAT.0, FORMAT.1.to_string());
        note("epoch", self.epoch.to_string());
        note("step", self.step.to_string());
        let Key { seed, stream, offset } = self.generator.key();
        note("generator", format!("{seed} {stream} {offset}"));
        if let Some(LoaderState { seed, epoch, batch }) = self.loader {
            note("loader", format!("{seed} {epoch} {batch}"));
        }
        note("sections", self.sections.keys().map(String::as_str).collect::<Vec<_>>().join(" "));
        for (key, value) in &self.metadata {
            note(&format!("{USER}{key}"), value.clone());
        }
        file.save(path)
    }

    /// Reads a file that [`Checkpoint::save`] wrote.
    pub fn load(path: impl AsRef<Path>) -> Result<Checkpoint> {
        let path = path.as_ref();
        let file = StateDict::load(path)?;
        let wrong = |what: &str| refused(format!("{}: {what}", path.display()));
        match file.metadata.get(FORMAT.0) {
            Some(version) if version == FORMAT.1 => {}
            Some(version) => return Err(wrong(&format!("its layout is version {version}, known is {}", FORMAT.1))),
            None => {
                return Err(wrong("it is no checkpoint of a training")
                    .hint("weights alone are read with StateDict::load and model.load_state_dict"));
            }
        }
        let word = |key: &str| file.metadata.get(key).ok_or_else(|| wrong(&format!("it does not say its {key}")));
        let numbers = |key: &str| -> Result<Vec<u64>> {
            word(key)?.split(' ').map(|n| n.parse().map_err(|_| wrong(&format!("its {key} is no number")))).collect()
        };
        let one = |key: &str| -> Result<u64> {
            match numbers(key)?[..] {
                [n] => Ok(n),
                _ => Err(wrong(&format!("its {key} is not one number"))),
            }
        };
        let three = |key: &str| -> Result<[u64; 3]> {
            numbers(key)?.try_into().map_err(|_| wrong(&format!("its {key} is not three numbers")))
        };
        let [seed, stream, offset] = three("generator")?;
        let loader = if file.metadata.contains_key("loader") {
            let [seed, epoch, batch] = three("loader")?;
            let batch = usize::try_from(batch).map_err(|_| wrong("its loader stands too far"))?;
            Some(LoaderState { seed, epoch, batch })
        } else {
            None
        };
        let user = |(key, value): (&String, &String)| Some((key.strip_prefix(USER)?.to_string(), value.clone()));
        Ok(Checkpoint {
            epoch: one("epoch")?,
            step: one("step")?,
            loader,
            generator: Generator::from_key(Key { seed, stream, offset }),
            metadata: file.metadata.iter().filter_map(user).collect(),
            sections: word("sections")?
                .split_whitespace()
                .map(|name| (name.to_string(), file.strip_prefix(&format!("{name}."))))
                .collect(),
        })
    }
}

fn refused(why: String) -> Error {
    Error::new("checkpoint", why).kind_of(ErrorKind::Io)
}
