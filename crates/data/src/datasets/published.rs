//! Data sets in their published form, read from a folder.
mod cifar;
mod classify;
mod folder;
mod idx;
mod image_set;
mod language;
mod mat;
mod mnist;
mod stl10;
mod svhn;
pub mod table;
#[cfg(test)]
mod tests;
mod texts;
mod usps;

pub use cifar::{Cifar10, Cifar100};
pub use classify::{
    AgNews, AmazonFull, AmazonPolarity, DbPedia, Imdb, SogouNews, Sst2, Trec, YahooAnswers, YelpFull, YelpPolarity,
};
pub use folder::Folder;
pub use image_set::ImageSet;
pub use language::{
    Conll2000, EnWik9, Multi30k, PennTreebank, Question, Squad1, Squad2, UdPos, WikiText2, WikiText103,
};
pub use mnist::{Emnist, EmnistSplit, FashionMnist, Kmnist, Mnist, Qmnist};
pub use stl10::Stl10;
pub use svhn::Svhn;
pub use texts::{TextSet, Texts};
pub use usps::Usps;
