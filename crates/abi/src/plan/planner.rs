//! How a plan is made: arguments are matched with V8's places and C's, moves put in order, the frame laid out.

use super::{Entry, Handler, Outcome, Plan, Resolver, TEXT_SIZE, Target, Unsupported, V8Signature, V8Type};
use crate::cell;
use crate::convention::{Convention, Placement, Scratch};
use crate::moves;
use crate::place::{Base, Extend, Move, Place, Width};
use crate::signature::Signature;
use crate::types::{Representation, Type};

/// V8's arguments for a signature, as far as they are not the receiver and the target.
struct V8Arguments {
    types: Vec<V8Type>,
    /// For each, the parameter whose value it is; `None` for what only the resolver reads.
    parameters: Vec<Option<usize>>,
}

/// Where V8 has put a call's arguments.
struct V8Places {
    signature: V8Signature,
    arguments: Vec<Place>,
    target: Place,
    stack: u32,
}

/// The part of a frame above the outgoing arguments, while it is being laid out.
struct Layout {
    size: u32,
}

impl Plan {
    /// The plan for calling functions of `signature` through `entry`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] when there is no compiled code for the signature; it says why.
    pub fn new(signature: &Signature, convention: &'static Convention, entry: Entry) -> Result<Self, Unsupported> {
        if signature.parameters.len() > cell::MAX_PARAMETERS {
            return Err(Unsupported::Parameters(signature.parameters.len()));
        }
        if let Some(index) = signature.parameters.iter().position(|&ty| ty == Type::Void) {
            return Err(Unsupported::VoidParameter(index));
        }
        let planner = Planner { signature, convention };
        match entry {
            Entry::Fast => planner.fast(),
            Entry::FastValues => planner.fast_values(),
            Entry::Cell => Ok(planner.cell()),
            Entry::CellValues => Ok(planner.cell_values()),
            Entry::Slots => Ok(planner.slots()),
            Entry::Closure => Ok(planner.closure()),
        }
    }
}

/// Makes the plan of each entry.
struct Planner<'a> {
    signature: &'a Signature,
    convention: &'static Convention,
}

impl Planner<'_> {
    fn fast(&self) -> Result<Plan, Unsupported> {
        let arguments = self.v8_arguments(false);
        // There is always a value: V8's ordinary callback returns undefined, and by that a caller tells the two apart.
        let result = V8Type::of(self.signature.result.representation()).unwrap_or(V8Type::Int32);
        let v8 = self.v8_places(&arguments, result)?;
        let outcome = self.fast_outcome();
        let in_place = self.c_placement(Base::Incoming);
        let jumps = outcome == Outcome::Kept && in_place.stack <= v8.stack;
        let c = if jumps { in_place } else { self.c_placement(Base::Outgoing) };
        let scratch = self.convention.scratch(c.vectors);

        let mut given = vec![None; self.signature.parameters.len()];
        for (&place, parameter) in v8.arguments.iter().zip(&arguments.parameters) {
            if let Some(index) = parameter {
                given[*index] = Some(place);
            }
        }
        let moves: Vec<Move> = (0..given.len()).filter_map(|index| Some(self.argument(index, given[index]?, &c))).collect();
        let mut ordered = moves::order(&moves, scratch.spare());
        // Loads from the cells disturb nothing and use the spare register as their base, so they come last.
        ordered.extend((0..given.len()).filter(|&index| given[index].is_none()).map(|index| self.argument(index, cell_of(index), &c)));

        let frame = (!jumps).then(|| self.layout(&c).finish());
        Ok(Plan { v8: Some(v8.signature), outcome, ..self.plan(scratch, frame, Target::Number(v8.target), ordered, &c) })
    }

    fn fast_values(&self) -> Result<Plan, Unsupported> {
        let arguments = self.v8_arguments(true);
        let v8 = self.v8_places(&arguments, V8Type::Void)?;
        let c = self.c_placement(Base::Outgoing);
        let scratch = self.convention.scratch(c.vectors);

        let count = self.signature.parameters.len();
        let values = arguments.parameters.iter().filter(|it| it.is_none()).count();
        let mut layout = self.layout(&c);
        let slots = layout.reserve(8 * count as u32);
        let values = layout.reserve(8 * values as u32);
        let saved_target = layout.reserve(8);
        layout.size = layout.size.next_multiple_of(16);
        let text = layout.reserve(TEXT_SIZE);

        // What the resolver's call would destroy is saved: V8's arguments in registers. Those on the stack and the cells stay as they are.
        let mut saves = Vec::new();
        let mut saved = |from: Place, to: Place, width: Width| {
            if let Place::Memory { .. } = from {
                return from;
            }
            saves.push(Move::new(from, to, width));
            to
        };
        let target = saved(v8.target, Place::memory(Base::Frame, saved_target), Width::Double);
        let mut sources: Vec<Place> = (0..count).map(cell_of).collect();
        let mut given = Vec::new();
        for (&place, parameter) in v8.arguments.iter().zip(&arguments.parameters) {
            if let Some(index) = *parameter {
                sources[index] = saved(place, slot_of(slots, index), self.width(index));
            } else {
                given.push(place);
            }
        }
        let places = (0..).map(|index| Place::memory(Base::Frame, values + 8 * index));
        saves.extend(given.into_iter().zip(places).map(|(from, to)| Move::new(from, to, Width::Double)));
        for (index, source) in sources.iter_mut().enumerate().filter(|(index, _)| self.representation(*index) == Representation::Pointer) {
            let slot = slot_of(slots, index);
            saves.push(Move::new(*source, slot, Width::Double));
            *source = slot;
        }

        let arguments: Vec<Move> = sources.iter().enumerate().map(|(index, &from)| self.argument(index, from, &c)).collect();
        Ok(Plan {
            v8: Some(v8.signature),
            saves: saves.into(),
            resolver: Some(Resolver { slots, values, text }),
            outcome: self.stored(RESULT_CELL),
            ..self.plan(scratch, Some(layout.finish()), Target::Number(target), arguments, &c)
        })
    }

    fn cell(&self) -> Plan {
        let c = self.c_placement(Base::Outgoing);
        let arguments: Vec<Move> = (0..self.signature.parameters.len()).map(|index| self.argument(index, cell_of(index), &c)).collect();
        let frame = Some(self.layout(&c).finish());
        let target = Target::Number(Place::memory(Base::Cells, cell::offset(cell::TARGET)));
        Plan {
            outcome: self.stored(RESULT_CELL),
            is_counted: true,
            returns_zero: true,
            ..self.plan(self.convention.scratch(c.vectors), frame, target, arguments, &c)
        }
    }

    fn cell_values(&self) -> Plan {
        let c = self.c_placement(Base::Outgoing);
        let count = self.signature.parameters.len();
        let mut layout = self.layout(&c);
        let slots = layout.reserve(8 * count as u32);
        let values = layout.reserve(8);
        layout.size = layout.size.next_multiple_of(16);
        let text = layout.reserve(TEXT_SIZE);

        let information = Place::General(self.convention.general[0]);
        let mut saves = vec![Move::new(information, Place::memory(Base::Frame, values), Width::Double)];
        let mut arguments = Vec::with_capacity(count);
        for index in 0..count {
            let mut from = cell_of(index);
            if self.representation(index) == Representation::Pointer {
                let slot = slot_of(slots, index);
                saves.push(Move::new(from, slot, Width::Double));
                from = slot;
            }
            arguments.push(self.argument(index, from, &c));
        }
        let target = Target::Number(Place::memory(Base::Cells, cell::offset(cell::TARGET)));
        Plan {
            saves: saves.into(),
            resolver: Some(Resolver { slots, values, text }),
            outcome: self.stored(RESULT_CELL),
            is_counted: true,
            ..self.plan(self.convention.scratch(c.vectors), Some(layout.finish()), target, arguments, &c)
        }
    }

    fn slots(&self) -> Plan {
        let c = self.c_placement(Base::Outgoing);
        let from = |index: usize| Place::memory(Base::Arguments, 8 * index as u32);
        let arguments: Vec<Move> = (0..self.signature.parameters.len()).map(|index| self.argument(index, from(index), &c)).collect();
        let mut layout = self.layout(&c);
        let given = |index: usize| Place::General(self.convention.general[index]);
        let outcome = self.stored(Place::memory(Base::Result, 0));
        let result_address = (outcome != Outcome::Kept).then(|| Place::memory(Base::Frame, layout.reserve(8)));
        let saves: Vec<Move> = result_address.iter().map(|&saved| Move::new(given(1), saved, Width::Double)).collect();
        let frame = Some(layout.finish());
        Plan {
            saves: saves.into(),
            result_address,
            outcome,
            ..self.plan(self.convention.scratch(c.vectors), frame, Target::Address(given(2)), arguments, &c)
        }
    }

    fn closure(&self) -> Plan {
        let scratch = self.convention.scratch(0);
        let c = self.c_placement(Base::Incoming);
        // The handler's arguments are in registers: all that lies below the slots is its shadow space.
        let mut layout = Layout { size: self.convention.shadow };
        let slots = layout.reserve(8 * self.signature.parameters.len() as u32);
        let result = layout.reserve(8);
        let mut saves = Vec::new();
        for (index, &place) in c.places.iter().enumerate() {
            let extend = Extend::of(self.representation(index));
            let mut from = place;
            // A slot is written whole, so what is narrower is made wider first.
            if extend != Extend::None || matches!(place, Place::Memory { .. }) {
                from = Place::General(scratch.temporary);
                saves.push(Move { from: place, to: from, width: self.c_width(index, place), extend });
            }
            saves.push(Move::new(from, slot_of(slots, index), Width::Double));
        }
        let context = Move::new(Place::General(self.convention.context()), Place::General(self.convention.general[0]), Width::Double);
        Plan {
            saves: saves.into(),
            vectors: 0,
            outcome: self.loaded(Place::memory(Base::Frame, result)),
            ..self.plan(scratch, Some(layout.finish()), Target::Handler(Handler { slots, result }), vec![context], &c)
        }
    }

    /// What all plans have in common.
    fn plan(&self, scratch: Scratch, frame: Option<u32>, target: Target, arguments: Vec<Move>, c: &Placement) -> Plan {
        Plan {
            convention: self.convention,
            v8: None,
            scratch,
            frame,
            saves: Box::default(),
            resolver: None,
            target,
            result_address: None,
            arguments: arguments.into(),
            vectors: if self.convention.announces_vectors { c.vectors } else { 0 },
            outcome: Outcome::Kept,
            is_counted: false,
            returns_zero: false,
        }
    }

    fn representation(&self, index: usize) -> Representation {
        self.signature.parameters[index].representation()
    }

    /// How wide a parameter is in a register.
    fn width(&self, index: usize) -> Width {
        Width::of(self.representation(index)).expect("a parameter is not void")
    }

    fn c_placement(&self, base: Base) -> Placement {
        self.convention.c_placement((0..self.signature.parameters.len()).map(|index| self.representation(index)), base)
    }

    fn layout(&self, c: &Placement) -> Layout {
        Layout { size: c.stack.next_multiple_of(8) }
    }

    /// The move of an argument to C's place. What comes from a cell or from a caller's array is widened; what V8 passes is wide already.
    fn argument(&self, index: usize, from: Place, c: &Placement) -> Move {
        let to = c.places[index];
        let narrow = matches!(from, Place::Memory { base: Base::Cells | Base::Arguments, .. });
        let extend = if narrow { Extend::of(self.representation(index)) } else { Extend::None };
        Move { from, to, width: self.c_width(index, to), extend }
    }

    /// How wide a parameter is in C's place for it.
    fn c_width(&self, index: usize, place: Place) -> Width {
        match place {
            Place::Memory { .. } if self.convention.packed => Width::packed(self.representation(index)).expect("a parameter is not void"),
            Place::Memory { .. } | Place::General(_) | Place::Vector(_) => self.width(index),
        }
    }

    fn v8_arguments(&self, with_values: bool) -> V8Arguments {
        let mut arguments = V8Arguments { types: Vec::new(), parameters: Vec::new() };
        for (index, ty) in self.signature.parameters.iter().enumerate() {
            if let Some(scalar) = V8Type::of(ty.representation()) {
                arguments.types.push(scalar);
                arguments.parameters.push(Some(index));
            } else if with_values && ty.representation() == Representation::Pointer {
                if *ty == Type::String {
                    arguments.types.push(V8Type::OneByteString);
                    arguments.parameters.push(None);
                }
                arguments.types.push(V8Type::Value);
                arguments.parameters.push(None);
            }
        }
        arguments
    }

    /// Where V8 passes the arguments and, last, the target.
    fn v8_places(&self, arguments: &V8Arguments, result: V8Type) -> Result<V8Places, Unsupported> {
        let parameters: Box<[V8Type]> = arguments.types.iter().copied().chain([V8Type::Float64]).collect();
        let needed = parameters.len() + 1;
        if let Some(most) = self.convention.v8_arguments.filter(|&most| needed > most) {
            return Err(Unsupported::FastArguments { needed, most });
        }
        let passed = [V8Type::Value].into_iter().chain(parameters.iter().copied());
        let mut placement = self.convention.v8_placement(passed.map(V8Type::representation));
        let target = placement.places.pop().expect("the target is an argument");
        let arguments = placement.places.split_off(1);
        Ok(V8Places { signature: V8Signature { parameters, result }, arguments, target, stack: placement.stack })
    }

    fn fast_outcome(&self) -> Outcome {
        let representation = self.signature.result.representation();
        if V8Type::of(representation).is_none() {
            return self.stored(RESULT_CELL);
        }
        let extend = Extend::of(representation);
        if extend == Extend::None { Outcome::Kept } else { Outcome::Extended(extend) }
    }

    /// The result stored in `to`; kept when there is none.
    fn stored(&self, to: Place) -> Outcome {
        let representation = self.signature.result.representation();
        Width::of(representation).map_or(Outcome::Kept, |width| Outcome::Stored {
            class: representation.class(),
            width,
            extend: Extend::of(representation),
            to,
        })
    }

    /// The result loaded from `from`, as wide as its register; kept when there is none.
    fn loaded(&self, from: Place) -> Outcome {
        let representation = self.signature.result.representation();
        let (width, extend) = match representation {
            Representation::Void => return Outcome::Kept,
            Representation::Int8 | Representation::Int16 => (Width::Double, Extend::of(representation)),
            Representation::Int32 => (Width::Double, Extend::Sign32),
            // What is written to the lower half of a register clears the upper one.
            Representation::Uint8 | Representation::Uint16 | Representation::Uint32 | Representation::Float32 => {
                (Width::Word, Extend::of(representation))
            }
            Representation::Int64 | Representation::Uint64 | Representation::Float64 | Representation::Pointer => {
                (Width::Double, Extend::None)
            }
        };
        Outcome::Loaded { class: representation.class(), width, extend, from }
    }
}

impl Layout {
    fn reserve(&mut self, bytes: u32) -> u32 {
        let offset = self.size;
        self.size += bytes;
        offset
    }

    fn finish(self) -> u32 {
        self.size.next_multiple_of(16)
    }
}

const RESULT_CELL: Place = Place::memory(Base::Cells, cell::offset(cell::RESULT));

/// The cell of a parameter.
fn cell_of(parameter: usize) -> Place {
    Place::memory(Base::Cells, cell::offset(cell::ARGUMENTS + parameter))
}

/// The slot of a parameter.
fn slot_of(slots: u32, parameter: usize) -> Place {
    Place::memory(Base::Frame, slots + 8 * parameter as u32)
}
