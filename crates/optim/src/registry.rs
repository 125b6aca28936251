//! Optimizers by name.
use crate::{extra as e, torch_optimizer as t, *};
use autograd::Parameter;
use std::sync::LazyLock;
use tensor_core::{Error, Result};

/// The rule of a name, with its default settings.
struct Entry {
    /// Empty for PyTorch's own.
    package: &'static str,
    name: &'static str,
    rule: fn() -> Box<dyn Rule + Send>,
}

macro_rules! entries {
    ($( $package:literal { $( $name:literal = $options:expr ),* $(,)? } )*) => {
        [$($( Entry { package: $package, name: $name, rule: || Box::new($options) } ),*),*]
    };
}

/// In the order in which a name without its package is looked for.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut all = all();
    all.extend(with_decompositions());
    all
});

#[cfg(feature = "linalg")]
fn with_decompositions() -> Vec<Entry> {
    Vec::from(entries! {
        "pytorch_optimizer" {
            "Alice" = e::AliceOptions::default(),
            "Conda" = e::CondaOptions::default(),
            "DASH" = e::DASHOptions::default(),
            "Kron" = e::KronOptions::default(),
            "SOAP" = e::SOAPOptions::default(),
            "ScalableShampoo" = e::ScalableShampooOptions::default(),
            "SPlus" = e::SPlusOptions::default(),
            "Shampoo" = e::ShampooOptions::default(),
        }
        "torch_optimizer" {
            "Shampoo" = t::ShampooOptions::default(),
        }
    })
}
#[cfg(not(feature = "linalg"))]
fn with_decompositions() -> Vec<Entry> {
    Vec::new()
}

fn all() -> Vec<Entry> {
    Vec::from(entries! {
        "" {
            "SGD" = SGDOptions::default(),
            "Adam" = AdamOptions::default(),
            "AdamW" = AdamWOptions::default(),
            "SparseAdam" = SparseAdamOptions::default(),
            "Adamax" = AdamaxOptions::default(),
            "NAdam" = NAdamOptions::default(),
            "RAdam" = RAdamOptions::default(),
            "Adagrad" = AdagradOptions::default(),
            "Adadelta" = AdadeltaOptions::default(),
            "RMSprop" = RMSpropOptions::default(),
            "ASGD" = ASGDOptions::default(),
            "Rprop" = RpropOptions::default(),
            "Adafactor" = AdafactorOptions::default(),
            "Muon" = MuonOptions::default(),
        }
        "pytorch_optimizer" {
            // PyTorch's own under another name.
            "SGD" = SGDOptions::default(),
            "Adam" = AdamOptions::default(),
            "AdamW" = AdamWOptions::default(),
            "NAdam" = NAdamOptions::default(),
            "RMSprop" = RMSpropOptions::default(),
            "A2Grad" = e::A2GradOptions::default(),
            "ADOPT" = e::ADOPTOptions::default(),
            "APOLLO" = e::APOLLOOptions::default(),
            "ASGD" = e::ASGDOptions::default(),
            "AccSGD" = e::AccSGDOptions::default(),
            "AdEMAMix" = e::AdEMAMixOptions::default(),
            "AdaBelief" = e::AdaBeliefOptions::default(),
            "AdaBound" = e::AdaBoundOptions::default(),
            "AdaDelta" = e::AdaDeltaOptions::default(),
            "AdaFactor" = e::AdaFactorOptions::default(),
            "AdaGC" = e::AdaGCOptions::default(),
            "AdaGO" = e::AdaGOOptions::default(),
            "AdaMax" = e::AdaMaxOptions::default(),
            "AdaMod" = e::AdaModOptions::default(),
            "AdaMuon" = e::AdaMuonOptions::default(),
            "AdaNorm" = e::AdaNormOptions::default(),
            "AdaPNM" = e::AdaPNMOptions::default(),
            "AdaShift" = e::AdaShiftOptions::default(),
            "AdaSmooth" = e::AdaSmoothOptions::default(),
            "AdaTAM" = e::AdaTAMOptions::default(),
            "Adai" = e::AdaiOptions::default(),
            "Adalite" = e::AdaliteOptions::default(),
            "AdamC" = e::AdamCOptions::default(),
            "AdamG" = e::AdamGOptions::default(),
            "AdaHessian" = e::AdaHessianOptions::default(),
            "AdamMini" = e::AdamMiniOptions::default(),
            "AdamP" = e::AdamPOptions::default(),
            "AdamS" = e::AdamSOptions::default(),
            "AdamWSN" = e::AdamWSNOptions::default(),
            "Adan" = e::AdanOptions::default(),
            "AggMo" = e::AggMoOptions::default(),
            "Aida" = e::AidaOptions::default(),
            "AliG" = e::AliGOptions::default(),
            "Amos" = e::AmosOptions::default(),
            "Ano" = e::AnoOptions::default(),
            "ApolloDQN" = e::ApolloDQNOptions::default(),
            "AvaGrad" = e::AvaGradOptions::default(),
            "BCOS" = e::BCOSOptions::default(),
            "CAME" = e::CAMEOptions::default(),
            "DAdaptAdaGrad" = e::DAdaptAdaGradOptions::default(),
            "DAdaptAdam" = e::DAdaptAdamOptions::default(),
            "DAdaptAdan" = e::DAdaptAdanOptions::default(),
            "DAdaptLion" = e::DAdaptLionOptions::default(),
            "DAdaptSGD" = e::DAdaptSGDOptions::default(),
            "DiffGrad" = e::DiffGradOptions::default(),
            "DualAdam" = e::DualAdamOptions::default(),
            "EXAdam" = e::EXAdamOptions::default(),
            "EmoFact" = e::EmoFactOptions::default(),
            "EmoLynx" = e::EmoLynxOptions::default(),
            "EmoNavi" = e::EmoNaviOptions::default(),
            "FAdam" = e::FAdamOptions::default(),
            "FOCUS" = e::FOCUSOptions::default(),
            "FTRL" = e::FTRLOptions::default(),
            "Fira" = e::FiraOptions::default(),
            "FlashAdamW" = e::FlashAdamWOptions::default(),
            "Fromage" = e::FromageOptions::default(),
            "GaLore" = e::GaLoreOptions::default(),
            "Grams" = e::GramsOptions::default(),
            "Gravity" = e::GravityOptions::default(),
            "GrokFastAdamW" = e::GrokFastAdamWOptions::default(),
            "Kate" = e::KateOptions::default(),
            "LARS" = e::LARSOptions::default(),
            "LaProp" = e::LaPropOptions::default(),
            "Lamb" = e::LambOptions::default(),
            "Lion" = e::LionOptions::default(),
            "MADGRAD" = e::MADGRADOptions::default(),
            "MARS" = e::MARSOptions::default(),
            "MSVAG" = e::MSVAGOptions::default(),
            "Muon" = e::MuonOptions::default(),
            "MuonClip" = e::MuonClipOptions::default(),
            "Nero" = e::NeroOptions::default(),
            "NorMuon" = e::NorMuonOptions::default(),
            "NovoGrad" = e::NovoGradOptions::default(),
            "PAdam" = e::PAdamOptions::default(),
            "PID" = e::PIDOptions::default(),
            "PNM" = e::PNMOptions::default(),
            "Prodigy" = e::ProdigyOptions::default(),
            "QHAdam" = e::QHAdamOptions::default(),
            "QHM" = e::QHMOptions::default(),
            "RACS" = e::RACSOptions::default(),
            "RAdam" = e::RAdamOptions::default(),
            "ROSE" = e::ROSEOptions::default(),
            "Ranger" = e::RangerOptions::default(),
            "Ranger21" = e::Ranger21Options::default(),
            "SCION" = e::SCIONOptions::default(),
            "SCIONLight" = e::SCIONLightOptions::default(),
            "SGDP" = e::SGDPOptions::default(),
            "SGDSaI" = e::SGDSaIOptions::default(),
            "SGDW" = e::SGDWOptions::default(),
            "SM3" = e::SM3Options::default(),
            "SPAM" = e::SPAMOptions::default(),
            "SRMM" = e::SRMMOptions::default(),
            "SWATS" = e::SWATSOptions::default(),
            "SaRA" = e::SaRAOptions::default(),
            "ScheduleFreeAdamW" = e::ScheduleFreeAdamWOptions::default(),
            "ScheduleFreeRAdam" = e::ScheduleFreeRAdamOptions::default(),
            "ScheduleFreeSGD" = e::ScheduleFreeSGDOptions::default(),
            "SignSGD" = e::SignSGDOptions::default(),
            "SimplifiedAdEMAMix" = e::SimplifiedAdEMAMixOptions::default(),
            "SpectralSphere" = e::SpectralSphereOptions::default(),
            "SophiaH" = e::SophiaHOptions::default(),
            "StableAdamW" = e::StableAdamWOptions::default(),
            "StableSPAM" = e::StableSPAMOptions::default(),
            "TAM" = e::TAMOptions::default(),
            "Tiger" = e::TigerOptions::default(),
            "VSGD" = e::VSGDOptions::default(),
            "Yogi" = e::YogiOptions::default(),
        }
        "c_optim" {
            "CautiousAdamW" = e::CautiousAdamWOptions::default(),
        }
        "torch_optimizer" {
            "A2GradExp" = t::A2GradExpOptions::default(),
            "A2GradInc" = t::A2GradIncOptions::default(),
            "A2GradUni" = t::A2GradUniOptions::default(),
            "AccSGD" = t::AccSGDOptions::default(),
            "AdaBelief" = t::AdaBeliefOptions::default(),
            "AdaBound" = t::AdaBoundOptions::default(),
            "AdaMod" = t::AdaModOptions::default(),
            "Adafactor" = t::AdafactorOptions::default(),
            "AdamP" = t::AdamPOptions::default(),
            "AggMo" = t::AggMoOptions::default(),
            "Apollo" = t::ApolloOptions::default(),
            "DiffGrad" = t::DiffGradOptions::default(),
            "LARS" = t::LARSOptions::default(),
            "Lamb" = t::LambOptions::default(),
            "MADGRAD" = t::MADGRADOptions::default(),
            "NovoGrad" = t::NovoGradOptions::default(),
            "PID" = t::PIDOptions::default(),
            "QHAdam" = t::QHAdamOptions::default(),
            "QHM" = t::QHMOptions::default(),
            "RAdam" = t::RAdamOptions::default(),
            "Ranger" = t::RangerOptions::default(),
            "RangerQH" = t::RangerQHOptions::default(),
            "RangerVA" = t::RangerVAOptions::default(),
            "SGDP" = t::SGDPOptions::default(),
            "SGDW" = t::SGDWOptions::default(),
            "SWATS" = t::SWATSOptions::default(),
            "Yogi" = t::YogiOptions::default(),
        }
    })
}

/// Other names by which optimizers are known: those of papers for what is a setting here, and short ones.
const ALIASES: [(&str, &str, &[&str]); 14] = [
    ("AMSGrad", "Adam", &["amsgrad"]),
    ("Apollo", "pytorch_optimizer.ApolloDQN", &[]),
    ("AdaDelta", "Adadelta", &[]),
    ("C-AdamW", "c_optim.CautiousAdamW", &[]),
    ("C-Lion", "pytorch_optimizer.Lion", &["cautious"]),
    ("CautiousLion", "pytorch_optimizer.Lion", &["cautious"]),
    ("DistributedMuon", "pytorch_optimizer.Muon", &[]),
    ("pytorch_optimizer.DistributedMuon", "pytorch_optimizer.Muon", &[]),
    ("Grokfast", "pytorch_optimizer.GrokFastAdamW", &[]),
    ("PSGD", "pytorch_optimizer.Kron", &[]),
    ("PSGD-Kron", "pytorch_optimizer.Kron", &[]),
    ("Signum", "pytorch_optimizer.SignSGD", &[]),
    ("Sophia", "pytorch_optimizer.SophiaH", &[]),
    ("ScheduleFree", "pytorch_optimizer.ScheduleFreeAdamW", &[]),
];

/// All names: PyTorch's own as they are, the others behind the package that they follow, `pytorch_optimizer.Lion`.
///
/// ```
/// assert!(optim::names().contains(&"AdamW".to_string()));
/// assert!(optim::names().contains(&"pytorch_optimizer.AdaBelief".to_string()));
/// ```
pub fn names() -> Vec<String> {
    ENTRIES.iter().map(full_name).collect()
}

fn full_name(entry: &Entry) -> String {
    match entry.package {
        "" => entry.name.to_string(),
        package => format!("{package}.{}", entry.name),
    }
}

/// The rule of a name with its default settings. Case, `-` and `_` do not matter; a name without its package is looked
/// for in PyTorch, then in pytorch_optimizer, then in torch_optimizer.
///
/// Names that are a setting, or short, are known as well: `AMSGrad`, `C-AdamW`, `C-Lion`, `Grokfast`, `PSGD`, `Signum`,
/// `Sophia`, `ScheduleFree`, and `DistributedMuon`, which on one process is Muon. Lookahead, SAM and its relatives go around
/// an optimizer: [`crate::Lookahead`], [`crate::SAM`].
///
/// ```
/// # fn main() -> tensor_core::Result<()> {
/// use optim::Rule;
/// assert_eq!(optim::rule("sophia")?.name(), "SophiaH");
/// assert_eq!(optim::rule("c-lion")?.name(), "Lion");
/// # Ok(()) }
/// ```
pub fn rule(name: &str) -> Result<Box<dyn Rule + Send>> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let wanted = plain(name);
    let found = ENTRIES.iter().find(|entry| plain(entry.name) == wanted || plain(&full_name(entry)) == wanted);
    let alias = ALIASES.iter().find(|(alias, ..)| plain(alias) == wanted);
    match (found, alias) {
        (Some(entry), _) => Ok((entry.rule)()),
        (None, Some((_, target, switches))) => {
            let mut rule = rule(target)?;
            switches.iter().for_each(|switch| {
                rule.set(switch, &Setting::Bool(true));
            });
            Ok(rule)
        }
        (None, None) => {
            let last = wanted.rsplit('.').next().unwrap_or(&wanted);
            let nearest = ENTRIES.iter().min_by_key(|entry| distance(&plain(entry.name), last));
            let hint = nearest.map_or(String::new(), |entry| format!("did you mean {:?}? ", full_name(entry)));
            Err(Error::new("by_name", format!("there is no optimizer {name:?}"))
                .hint(format!("{hint}optim::names() lists all; LBFGS and the wrappers are made by their own new()")))
        }
    }
}

/// How many letters one name is away from another (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The optimizer of a name, with its default settings and this learning rate.
///
/// ```
/// use optim::Optimizer;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
/// let optimizer = optim::by_name("adamw", [w.tied()], 1e-3)?;
/// assert_eq!(optimizer.lr(), 1e-3);
/// let error = optim::by_name("adanw", [w], 1e-3).err().map(|e| e.to_string());
/// assert!(error.is_some_and(|e| e.contains("AdamW")));
/// # Ok(()) }
/// ```
pub fn by_name(name: &str, params: impl IntoIterator<Item = Parameter>, lr: f64) -> Result<Box<dyn Optimizer>> {
    let mut rule = rule(name)?;
    rule.set_lr(lr);
    Ok(Box::new(Optim::<Box<dyn Rule + Send>>::new(params, rule)?))
}

/// The optimizer of a name, with these settings over its defaults.
///
/// ```
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
/// let settings = [("lr", 0.1.into()), ("momentum", 0.9.into())];
/// let optimizer = optim::with_settings("sgd", [w], &settings)?;
/// # Ok(()) }
/// ```
pub fn with_settings(
    name: &str,
    params: impl IntoIterator<Item = Parameter>,
    settings: &[(&str, Setting)],
) -> Result<Box<dyn Optimizer>> {
    let mut rule = rule(name)?;
    for (setting, value) in settings {
        if !rule.set(setting, value) {
            let known: Vec<&str> = rule.settings().into_iter().map(|(name, _)| name).collect();
            let why = if known.contains(setting) {
                format!("{setting} cannot be {value:?}")
            } else {
                format!("there is no setting {setting:?}")
            };
            return Err(Error::new(rule.name(), why).hint(format!("its settings are {}", known.join(", "))));
        }
    }
    Ok(Box::new(Optim::<Box<dyn Rule + Send>>::new(params, rule)?))
}
