//! Layers one after the other.
use crate::{Forward, Layer, Module, Part, Place, Seen, Visitor, scope_with};
use tensor_core::{Result, Tensor};

/// Each layer's output is the next one's input. Their names are `0`, `1`, ...
///
/// # Shapes
/// input that of the first layer, output that of the last.
///
/// ```
/// use nn::{Forward, Linear, LogSoftmax, Module, ReLU, Sequential};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let mut net = Sequential::new((Linear::new(784, 30)?, ReLU, Linear::new(30, 10)?));
/// net.push(LogSoftmax::new(1));
/// assert_eq!(net.forward(&Tensor::zeros([5, 784])?)?.shape(), [5, 10]);
/// assert_eq!(net.state_dict().names().collect::<Vec<_>>(), ["0.weight", "0.bias", "2.weight", "2.bias"]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Layer>>,
    place: Place,
}

impl Sequential {
    /// The layers of a tuple or a vector.
    pub fn new(layers: impl IntoLayers) -> Sequential {
        let sequential = Sequential { layers: layers.into_layers(), place: Place::new() };
        sequential.name_layers();
        sequential
    }

    /// One more layer at the end.
    pub fn push(&mut self, layer: impl Layer) {
        self.layers.push(Box::new(layer));
        self.name_layers();
    }

    /// Another layer in the place of layer `i`: a new head for an old model. Returns the old one, or `None` where there
    /// is no such place.
    pub fn replace(&mut self, i: usize, layer: impl Layer) -> Option<Box<dyn Layer>> {
        let old = self.layers.get_mut(i).map(|place| std::mem::replace(place, Box::new(layer)));
        self.name_layers();
        old
    }

    /// Layer `i`.
    pub fn get(&self, i: usize) -> Option<&dyn Layer> {
        self.layers.get(i).map(|layer| &**layer)
    }
    /// All layers, in order.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Layer> {
        self.layers.iter().map(|layer| &**layer)
    }
    /// The number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }
    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Errors of the very first forward, before any walk over the model, shall know at least this much.
    fn name_layers(&self) {
        self.visit(&mut Visitor::new(&mut |_, _: Seen<'_>| {}));
    }
}

impl Part for Sequential {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        visitor.module(self, |visitor| {
            visitor.field("place", |visitor| self.place.visit(visitor));
            self.layers.visit(visitor);
        });
    }
}
impl Module for Sequential {}

impl Forward for Sequential {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| {
            let Some((first, rest)) = self.layers.split_first() else { return Ok(x.clone()) };
            let mut x = first.forward(x)?;
            for layer in rest {
                x = layer.forward(&x)?;
            }
            Ok(x)
        })
    }
}

/// What [`Sequential::new`] takes: a tuple of layers, or a vector of boxed ones.
pub trait IntoLayers {
    /// The layers in order.
    fn into_layers(self) -> Vec<Box<dyn Layer>>;
}

impl IntoLayers for Vec<Box<dyn Layer>> {
    fn into_layers(self) -> Vec<Box<dyn Layer>> {
        self
    }
}
impl IntoLayers for () {
    fn into_layers(self) -> Vec<Box<dyn Layer>> {
        Vec::new()
    }
}

macro_rules! tuples {
    ($( ($($L:ident $i:tt),+) )*) => { $(
        impl<$($L: Layer),+> IntoLayers for ($($L,)+) {
            fn into_layers(self) -> Vec<Box<dyn Layer>> {
                vec![$(Box::new(self.$i)),+]
            }
        }
    )* };
}
tuples! {
    (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6) (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8) (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
}
