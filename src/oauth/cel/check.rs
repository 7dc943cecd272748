//! What an expression may be: its names are known, it is not deep, and it takes no longer than [`MOST_STEPS`] and no more room than [`MOST_BYTES`] for
//! the person of whom the most is known. An expression that is accepted has that bound whatever anybody's groups and attributes are.

use super::size::Size;
use super::{CompileFault, functions, person};
use cel::Program;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};

/// Steps of an evaluation. One takes 30 to 80 ns, so that all of them are some 20 ms; for somebody in 20 groups it is a hundredth of that.
pub const MOST_STEPS: u64 = 400_000;
/// Text in one value on the way, bytes.
pub const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// Operators and functions within each other.
const DEEPEST: usize = 40;
/// Names of types, for `type(…) == string`.
const TYPES: [&str; 8] = ["bool", "int", "uint", "double", "string", "list", "map", "null_type"];

/// Walks through an expression.
///
/// # Errors
/// The first thing that may not be, and where it is.
pub fn check(program: &Program, text: &str) -> Result<(), CompileFault> {
    most(program, text).map(drop)
}

/// What an expression comes to at most.
///
/// # Errors
/// As [`check`].
pub(super) fn most(program: &Program, text: &str) -> Result<Size, CompileFault> {
    let mut walk = Walk {
        text,
        places: program.source_info(),
        scope: Vec::new(),
    };
    walk.visit(program.expression(), 0).map(|cost| cost.size)
}

/// An expression's value at most, and the steps to it.
struct Cost {
    size: Size,
    steps: u64,
}

struct Walk<'a> {
    text: &'a str,
    places: &'a SourceInfo,
    /// Variables of the macros around, the innermost last
    scope: Vec<(&'a str, Size)>,
}

impl<'a> Walk<'a> {
    fn fault(&self, at: &IdedExpr, reason: impl Into<String>) -> CompileFault {
        let position = self.places.offset_for(at.id).map_or(0, |(start, _)| start as usize);
        CompileFault::at(self.text, position, reason.into())
    }

    fn visit(&mut self, at: &'a IdedExpr, depth: usize) -> Result<Cost, CompileFault> {
        if depth > DEEPEST {
            return Err(self.fault(at, format!("more than {DEEPEST} operators and functions are within each other")));
        }
        let deeper = depth + 1;
        let cost = match &at.expr {
            Expr::Literal(literal) => Cost {
                size: literal_size(literal),
                steps: 1,
            },
            Expr::Ident(name) => Cost {
                size: self.variable(at, name)?,
                steps: 2,
            },
            Expr::Select(select) => self.select(at, select, deeper)?,
            Expr::Call(call) => self.call(at, call, deeper)?,
            Expr::List(list) => self.all(list.elements.iter(), deeper)?,
            Expr::Map(map) => {
                let mut parts = Vec::new();
                for entry in &map.entries {
                    match &entry.expr {
                        EntryExpr::MapEntry(entry) => parts.extend([&entry.key, &entry.value]),
                        EntryExpr::StructField(_) => return Err(self.fault(at, "there are no messages here, only maps")),
                    }
                }
                self.all(parts.into_iter(), deeper)?
            }
            Expr::Comprehension(comprehension) => self.comprehension(at, comprehension, deeper)?,
            Expr::Struct(_) => return Err(self.fault(at, "there are no messages here, only maps")),
            Expr::Unspecified => return Err(self.fault(at, "something is missing")),
        };
        if cost.steps > MOST_STEPS {
            let reason = format!(
                "it could take {} steps for somebody in {} groups; {MOST_STEPS} are allowed. Loops within loops, and `in` within a loop, multiply",
                cost.steps,
                person::MOST_NAMES
            );
            return Err(self.fault(at, reason));
        }
        if cost.size.bytes > MOST_BYTES {
            let reason = format!("it could make a value of {} bytes; {MOST_BYTES} are allowed", cost.size.bytes);
            return Err(self.fault(at, reason));
        }
        Ok(cost)
    }

    fn variable(&self, at: &IdedExpr, name: &str) -> Result<Size, CompileFault> {
        let inner = self.scope.iter().rev().find(|(known, _)| *known == name);
        match inner.map(|(_, size)| size.clone()).or_else(|| person::variable(name)) {
            Some(size) => Ok(size),
            None if TYPES.contains(&name) => Ok(Size::text(functions::TYPE_NAME)),
            None => Err(self.fault(at, format!("{name:?} is not known: there are user and client"))),
        }
    }

    fn is_shadowed(&self, name: &str) -> bool {
        self.scope.iter().any(|(known, _)| *known == name)
    }

    /// What a field of `user` or `client` holds; `None`: `operand` is neither.
    fn field(&self, at: &IdedExpr, operand: &IdedExpr, field: &str) -> Result<Option<Cost>, CompileFault> {
        let Expr::Ident(name) = &operand.expr else {
            return Ok(None);
        };
        let Some(fields) = person::fields(name).filter(|_| !self.is_shadowed(name)) else {
            return Ok(None);
        };
        match fields.iter().find(|(known, _)| *known == field) {
            Some((_, size)) => Ok(Some(Cost {
                size: size.clone(),
                steps: 3,
            })),
            None => {
                let known: Vec<&str> = fields.iter().map(|(known, _)| *known).collect();
                Err(self.fault(at, format!("{name} has no {field:?}, but {}", known.join(", "))))
            }
        }
    }

    fn select(&mut self, at: &IdedExpr, select: &'a SelectExpr, depth: usize) -> Result<Cost, CompileFault> {
        if let Some(cost) = self.field(at, &select.operand, &select.field)? {
            return Ok(cost);
        }
        let operand = self.visit(&select.operand, depth)?;
        let size = operand.size.element();
        // Of an optional the value is copied.
        let steps = operand.steps.saturating_add(size.steps()).saturating_add(1);
        Ok(Cost { size, steps })
    }

    fn call(&mut self, at: &IdedExpr, call: &'a CallExpr, depth: usize) -> Result<Cost, CompileFault> {
        if let (operators::OPT_SELECT, [operand, name]) = (call.func_name.as_str(), call.args.as_slice())
            && let Expr::Literal(LiteralValue::String(name)) = &name.expr
            && let Some(Cost { size, steps }) = self.field(at, operand, name.inner())?
        {
            // An optional holds a copy.
            let steps = steps.saturating_add(size.steps());
            return Ok(Cost { size, steps });
        }
        let mut steps = 0_u64;
        let mut args = Vec::new();
        for arg in &call.args {
            let cost = self.visit(arg, depth)?;
            steps = steps.saturating_add(cost.steps);
            args.push(cost.size);
        }
        let made = match call.target.as_deref() {
            None => match (call.args.as_slice(), args.as_slice()) {
                ([_, index], [container, _]) if call.func_name == operators::INDEX && is_exact(index) => {
                    Some(functions::exact_index(container))
                }
                _ => functions::global(&call.func_name, &args),
            },
            // `optional.of(…)` is a function with a dot in its name.
            Some(target) if matches!(&target.expr, Expr::Ident(name) if name == "optional" && !self.is_shadowed(name)) => {
                functions::global(&format!("optional.{}", call.func_name), &args)
            }
            Some(target) => {
                let target = self.visit(target, depth)?;
                steps = steps.saturating_add(target.steps);
                functions::method(&call.func_name, &target.size, &args, call.args.get(1).and_then(count))
            }
        };
        let Some(made) = made else {
            let reason = format!(
                "{:?} with {} arguments is no function here. There are {}",
                call.func_name,
                args.len(),
                functions::NAMES
            );
            return Err(self.fault(at, reason));
        };
        Ok(Cost {
            size: made.size,
            steps: steps.saturating_add(made.steps),
        })
    }

    fn all(&mut self, parts: impl Iterator<Item = &'a IdedExpr>, depth: usize) -> Result<Cost, CompileFault> {
        let mut sizes = Vec::new();
        let mut steps = 1_u64;
        for part in parts {
            let cost = self.visit(part, depth)?;
            steps = steps.saturating_add(cost.steps).saturating_add(cost.size.steps());
            sizes.push(cost.size);
        }
        let size = Size::of_all(&sizes);
        Ok(Cost { size, steps })
    }

    /// What macros become: a loop over a range, with an accumulator.
    fn comprehension(&mut self, at: &IdedExpr, loops: &'a ComprehensionExpr, depth: usize) -> Result<Cost, CompileFault> {
        let range = self.visit(&loops.iter_range, depth)?;
        let item = range.size.element();
        let times = range.size.items;
        // What `map` and `filter` gather begins as an empty list, and grows by what a step makes of an empty one.
        let begins = match &loops.accu_init.expr {
            Expr::Literal(LiteralValue::Boolean(_) | LiteralValue::Int(_)) => Size::SCALAR,
            Expr::List(list) if list.elements.is_empty() => Size::of_all(&[]),
            _ => return Err(self.fault(at, "this macro is not known")),
        };
        let gathers = matches!(loops.accu_init.expr, Expr::List(_));
        if loops.iter_var2.is_some() {
            return Err(self.fault(at, "macros over two variables are not known"));
        }
        let around = self.scope.len();
        self.scope.push((&loops.accu_var, begins.clone()));
        self.scope.push((&loops.iter_var, item.clone()));
        let condition = self.visit(&loops.loop_cond, depth)?;
        let step = self.visit(&loops.loop_step, depth)?;
        self.scope.truncate(around);
        let size = if gathers { step.size.times(times) } else { begins };
        self.scope.push((&loops.accu_var, size));
        let result = self.visit(&loops.result, depth)?;
        self.scope.truncate(around);
        let each = condition
            .steps
            .saturating_add(step.steps)
            .saturating_add(item.steps())
            .saturating_add(1);
        Ok(Cost {
            size: result.size,
            steps: range.steps.saturating_add(result.steps).saturating_add(times.saturating_mul(each)),
        })
    }
}

fn literal_size(literal: &LiteralValue) -> Size {
    match literal {
        LiteralValue::String(text) => Size::text(text.inner().len() as u64),
        LiteralValue::Bytes(bytes) => Size::text(bytes.inner().len() as u64),
        _ => Size::SCALAR,
    }
}

/// A key or a position that is written down.
fn is_exact(expr: &IdedExpr) -> bool {
    matches!(expr.expr, Expr::Literal(LiteralValue::Int(_) | LiteralValue::String(_)))
}

/// A number that is written down and is not negative.
fn count(expr: &IdedExpr) -> Option<u64> {
    match &expr.expr {
        Expr::Literal(LiteralValue::Int(number)) => u64::try_from(*number.inner()).ok(),
        _ => None,
    }
}
