//! Which module a module is, wherever it moves: a struct has no address of its own, but the cells inside of it do.
use crate::{Module, Seen, Visitor};
use std::any::{Any, TypeId};

/// The first cell inside of a module, where it stands in it, and the module's type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    cell: Cell,
    path: String,
    module: TypeId,
}

/// A cell's number among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Cell {
    Parameter(u64),
    Buffer(u64),
    Place(u64),
}

impl Identity {
    /// `None` for a module without any cell: nothing tells two of them apart. A box is what is in it.
    pub(crate) fn of(module: &(dyn Module + 'static)) -> Option<Identity> {
        let (mut first, mut own) = (None, None);
        module.visit(&mut Visitor::reading(&mut |path, seen| {
            let cell = match seen {
                Seen::Parameter(p) => Cell::Parameter(p.id()),
                Seen::Buffer(b) => Cell::Buffer(b.id()),
                Seen::Mode(m) => Cell::Place(m.place().id()),
                Seen::Place(p) => Cell::Place(p.id()),
                Seen::Enter(module) => {
                    if path.is_empty() {
                        own.get_or_insert((module as &dyn Any).type_id());
                    }
                    return;
                }
                Seen::Leave(_) => return,
            };
            first.get_or_insert_with(|| (cell, path.to_string()));
        }));
        first.zip(own).map(|((cell, path), module)| Identity { cell, path, module })
    }
}
