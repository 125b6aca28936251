//! Data sets that come with the crate, or that it reads in the form in which they were published.
//!
//! `docs/datasets.md` says where to get each and where to put it; with the feature `datasets`.
#[cfg(feature = "datasets")]
mod cifar;
#[cfg(feature = "datasets")]
mod classify;
mod digits;
mod fake;
#[cfg(feature = "datasets")]
mod folder;
#[cfg(feature = "datasets")]
mod idx;
#[cfg(feature = "datasets")]
mod image_set;
#[cfg(feature = "datasets")]
mod language;
#[cfg(feature = "datasets")]
mod mat;
#[cfg(feature = "datasets")]
mod mnist;
#[cfg(feature = "datasets")]
mod pickled;
#[cfg(feature = "datasets")]
mod stl10;
#[cfg(feature = "datasets")]
mod svhn;
#[cfg(feature = "datasets")]
pub mod table;
#[cfg(all(test, feature = "datasets"))]
mod tests;
#[cfg(feature = "datasets")]
mod texts;
#[cfg(feature = "datasets")]
mod usps;

#[cfg(feature = "datasets")]
pub use cifar::{Cifar10, Cifar100};
#[cfg(feature = "datasets")]
pub use classify::{
    AgNews, AmazonFull, AmazonPolarity, DbPedia, Imdb, SogouNews, Sst2, Trec, YahooAnswers, YelpFull, YelpPolarity,
};
pub use digits::Digits;
pub use fake::FakeData;
#[cfg(feature = "datasets")]
pub use folder::Folder;
#[cfg(feature = "datasets")]
pub use image_set::ImageSet;
#[cfg(feature = "datasets")]
pub use language::{
    Conll2000, EnWik9, Multi30k, PennTreebank, Question, Squad1, Squad2, UdPos, WikiText2, WikiText103,
};
#[cfg(feature = "datasets")]
pub use mnist::{Emnist, EmnistSplit, FashionMnist, Kmnist, Mnist, Qmnist};
#[cfg(feature = "datasets")]
pub use stl10::Stl10;
#[cfg(feature = "datasets")]
pub use svhn::Svhn;
#[cfg(feature = "datasets")]
pub use texts::{TextSet, Texts};
#[cfg(feature = "datasets")]
pub use usps::Usps;
