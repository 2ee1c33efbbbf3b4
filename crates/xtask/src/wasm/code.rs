//! Expressions that become instructions, for one candidate or for four side by side; what is known beforehand is computed
//! while generating.

use std::ops::{Add, BitXor};

use wasm_encoder::{Function, InstructionSink, MemArg, MemArgTarget, ValType};

/// How many candidates one instruction works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lanes {
    /// Words of 32 bits.
    One,
    /// Vectors of 128 bits.
    Four,
}

impl Lanes {
    /// Candidates a round of the loop.
    pub(super) fn count(self) -> i32 {
        match self {
            Lanes::One => 1,
            Lanes::Four => 4,
        }
    }

    /// The type of what is worked on.
    pub(super) fn value_type(self) -> ValType {
        match self {
            Lanes::One => ValType::I32,
            Lanes::Four => ValType::V128,
        }
    }
}

/// A local variable's index.
pub(super) type Local = u32;

/// A value of 32 bits (in each lane).
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Const(u32),
    Local(Local),
    Add(Box<Expr>, Box<Expr>),
    Xor(Box<Expr>, Box<Expr>),
    Right(Box<Expr>, u32),
    Turned(Box<Expr>, u32),
    Choice(Box<[Expr; 3]>),
}

impl Add for Expr {
    type Output = Expr;

    fn add(self, other: Expr) -> Expr {
        match (self, other) {
            (Expr::Const(one), Expr::Const(other)) => Expr::Const(one.wrapping_add(other)),
            (Expr::Const(0), other) | (other, Expr::Const(0)) => other,
            (one, other) => Expr::Add(Box::new(one), Box::new(other)),
        }
    }
}

impl BitXor for Expr {
    type Output = Expr;

    fn bitxor(self, other: Expr) -> Expr {
        match (self, other) {
            (Expr::Const(one), Expr::Const(other)) => Expr::Const(one ^ other),
            (Expr::Const(0), other) | (other, Expr::Const(0)) => other,
            (one, other) => Expr::Xor(Box::new(one), Box::new(other)),
        }
    }
}

impl Expr {
    /// Shifted to the right; zeros come in.
    pub(super) fn right(&self, bits: u32) -> Expr {
        match self {
            Expr::Const(word) => Expr::Const(word >> bits),
            other => Expr::Right(Box::new(other.clone()), bits),
        }
    }

    /// Rotated to the right.
    pub(super) fn turned(&self, bits: u32) -> Expr {
        match self {
            Expr::Const(word) => Expr::Const(word.rotate_right(bits)),
            other => Expr::Turned(Box::new(other.clone()), bits),
        }
    }

    /// Bits of `yes` where `self` has ones, of `no` elsewhere.
    pub(super) fn choose(&self, yes: &Expr, no: &Expr) -> Expr {
        Expr::Choice(Box::new([self.clone(), yes.clone(), no.clone()]))
    }

    /// Leaves the value on the stack.
    pub(super) fn emit(&self, lanes: Lanes, to: &mut InstructionSink<'_>) {
        match (self, lanes) {
            (Expr::Const(word), Lanes::One) => drop_sink(to.i32_const(word.cast_signed())),
            (Expr::Const(word), Lanes::Four) => drop_sink(to.i32_const(word.cast_signed()).i32x4_splat()),
            (Expr::Local(local), _) => drop_sink(to.local_get(*local)),
            (Expr::Add(one, other), _) => {
                one.emit(lanes, to);
                other.emit(lanes, to);
                match lanes {
                    Lanes::One => drop_sink(to.i32_add()),
                    Lanes::Four => drop_sink(to.i32x4_add()),
                }
            }
            (Expr::Xor(one, other), _) => {
                one.emit(lanes, to);
                other.emit(lanes, to);
                match lanes {
                    Lanes::One => drop_sink(to.i32_xor()),
                    Lanes::Four => drop_sink(to.v128_xor()),
                }
            }
            (Expr::Right(value, bits), _) => {
                value.emit(lanes, to);
                to.i32_const(bits.cast_signed());
                match lanes {
                    Lanes::One => drop_sink(to.i32_shr_u()),
                    Lanes::Four => drop_sink(to.i32x4_shr_u()),
                }
            }
            (Expr::Turned(value, bits), Lanes::One) => {
                value.emit(lanes, to);
                to.i32_const(bits.cast_signed()).i32_rotr();
            }
            // Vectors have no rotation.
            (Expr::Turned(value, bits), Lanes::Four) => {
                value.emit(lanes, to);
                to.i32_const(bits.cast_signed()).i32x4_shr_u();
                value.emit(lanes, to);
                to.i32_const((32 - bits).cast_signed()).i32x4_shl().v128_or();
            }
            (Expr::Choice(parts), Lanes::One) => {
                let [mask, yes, no] = parts.as_ref();
                yes.emit(lanes, to);
                no.emit(lanes, to);
                to.i32_xor();
                mask.emit(lanes, to);
                to.i32_and();
                no.emit(lanes, to);
                to.i32_xor();
            }
            (Expr::Choice(parts), Lanes::Four) => {
                let [mask, yes, no] = parts.as_ref();
                yes.emit(lanes, to);
                no.emit(lanes, to);
                mask.emit(lanes, to);
                to.v128_bitselect();
            }
        }
    }
}

/// Instructions are chained; the end of a chain is nobody's.
fn drop_sink(_: &mut InstructionSink<'_>) {}

/// A function under construction.
pub(super) struct Body {
    pub(super) lanes: Lanes,
    function: Function,
}

impl Body {
    /// A function whose locals, after its parameters, are these.
    pub(super) fn new(lanes: Lanes, locals: &[(u32, ValType)]) -> Self {
        Body { lanes, function: Function::new(locals.iter().copied()) }
    }

    /// For instructions that are no expressions.
    pub(super) fn raw(&mut self) -> InstructionSink<'_> {
        self.function.instructions()
    }

    /// Leaves a value on the stack.
    pub(super) fn push(&mut self, value: &Expr) {
        value.emit(self.lanes, &mut self.function.instructions());
    }

    /// Puts a value into a local.
    pub(super) fn set(&mut self, local: Local, value: &Expr) -> Expr {
        self.push(value);
        self.raw().local_set(local);
        Expr::Local(local)
    }

    /// Puts the word at `address` into a local, into every lane.
    pub(super) fn load(&mut self, local: Local, address: u64) -> Expr {
        let lanes = self.lanes;
        let mut raw = self.raw();
        raw.i32_const(0);
        match lanes {
            Lanes::One => raw.i32_load(word_at(address)),
            Lanes::Four => raw.v128_load32_splat(word_at(address)),
        };
        raw.local_set(local);
        Expr::Local(local)
    }

    /// Puts a value into the word at `address`.
    pub(super) fn store(&mut self, address: u64, value: &Expr) {
        self.raw().i32_const(0);
        self.push(value);
        self.raw().i32_store(word_at(address));
    }

    /// The finished function.
    pub(super) fn finish(mut self) -> Function {
        self.raw().end();
        self.function
    }
}

/// The word that far behind the address on the stack.
pub(super) fn word_at(offset: u64) -> MemArg {
    MemArg { offset, align: 2, target: MemArgTarget::Memory(0), ordering: None }
}
