//! The walk over a module's parts that everything else is written with.
use crate::{Mode, Module, Place};
use autograd::{Buffer, Parameter};
use std::fmt;

/// Something the walk comes across.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Seen<'a> {
    /// A module, before its parts.
    Enter(&'a (dyn Module + 'static)),
    /// The same module, after its parts.
    Leave(&'a (dyn Module + 'static)),
    /// A trained tensor.
    Parameter(&'a Parameter),
    /// A remembered tensor.
    Buffer(&'a Buffer),
    /// A switch between training and evaluation.
    Mode(&'a Mode),
    /// A cell that only holds a name.
    Place(&'a Place),
}

impl fmt::Debug for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Enter(m) => write!(f, "Enter({})", m.type_name()),
            Seen::Leave(m) => write!(f, "Leave({})", m.type_name()),
            Seen::Parameter(p) => p.fmt(f),
            Seen::Buffer(b) => b.fmt(f),
            Seen::Mode(m) => m.fmt(f),
            Seen::Place(p) => p.fmt(f),
        }
    }
}

/// Walks over parts in the order of fields, keeps their dotted path, and writes it into their name cells, where errors
/// and optimizers find it.
///
/// `'m` is how long what it walks over is borrowed, so that a walk can collect references to it.
pub struct Visitor<'m, 'v> {
    path: String,
    names: bool,
    without: Vec<String>,
    see: &'v mut dyn FnMut(&str, Seen<'m>),
}

impl fmt::Debug for Visitor<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Visitor(at {:?})", self.path)
    }
}

impl<'m, 'v> Visitor<'m, 'v> {
    /// A walk that starts at a module without a name; `see` is called with the path of everything.
    pub fn new(see: &'v mut dyn FnMut(&str, Seen<'m>)) -> Visitor<'m, 'v> {
        Visitor { path: String::new(), names: true, without: Vec::new(), see }
    }

    /// The same, leaving the names in the cells as they are.
    pub(crate) fn reading(see: &'v mut dyn FnMut(&str, Seen<'m>)) -> Visitor<'m, 'v> {
        Visitor { path: String::new(), names: false, without: Vec::new(), see }
    }

    /// The path of where the walk stands.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Visits a field: `visit` runs with `name` added to the path.
    pub fn field(&mut self, name: &str, visit: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        visit(self);
        self.path.truncate(outer);
    }

    /// Runs `visit`, which passes over the parameter `name` below this place: something else stands for it.
    pub(crate) fn without(&mut self, name: &str, visit: impl FnOnce(&mut Self)) {
        let full = if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) };
        self.without.push(full);
        visit(self);
        self.without.pop();
    }

    /// Visits a module: `parts` visits its fields.
    pub fn module(&mut self, module: &'m (dyn Module + 'static), parts: impl FnOnce(&mut Self)) {
        (self.see)(&self.path, Seen::Enter(module));
        parts(self);
        (self.see)(&self.path, Seen::Leave(module));
    }

    pub(crate) fn parameter(&mut self, parameter: &'m Parameter) {
        // Whoever only reads cells looks for the layer itself, which has its parameter.
        if self.names && self.without.contains(&self.path) {
            return;
        }
        if let Some(name) = self.renamed(&parameter.name()) {
            parameter.set_name(name);
        }
        (self.see)(&self.path, Seen::Parameter(parameter));
    }

    pub(crate) fn buffer(&mut self, buffer: &'m Buffer) {
        if let Some(name) = self.renamed(&buffer.name()) {
            buffer.set_name(name);
        }
        (self.see)(&self.path, Seen::Buffer(buffer));
    }

    pub(crate) fn mode(&mut self, mode: &'m Mode) {
        if let Some(name) = self.renamed(&mode.place().name()) {
            mode.place().set_name(name);
        }
        (self.see)(&self.path, Seen::Mode(mode));
    }

    pub(crate) fn place(&mut self, place: &'m Place) {
        if let Some(name) = self.renamed(&place.name()) {
            place.set_name(name);
        }
        (self.see)(&self.path, Seen::Place(place));
    }

    /// The name to write, if any. A walk over a part of a model (`Adam::new(model.head.parameters(), ..)`) knows less
    /// than the walk over the whole did, so a longer name with the same end stays.
    fn renamed(&self, old: &str) -> Option<&str> {
        let known = old == self.path || old.strip_suffix(&*self.path).is_some_and(|outer| outer.ends_with('.'));
        (self.names && !known).then_some(&self.path)
    }
}
