//! How large a value can be at most, and what it costs to work on it: pure sums, for the person of whom the most is known.

/// So much of text costs as much as one step of an expression, bytes. (So much is copied or compared in less than a step takes.)
const BYTES_A_STEP: u64 = 512;

/// The larger of two elements. Unknown if one of them is: then it is no more than the whole.
fn joined(a: &Size, b: &Size) -> Option<Box<Size>> {
    let is_unknown = |size: &Size| size.item.is_none() && size.values > 1;
    if is_unknown(a) || is_unknown(b) {
        return None;
    }
    match (&a.item, &b.item) {
        (Some(a), Some(b)) => Some(Box::new(a.as_ref().or(b))),
        (a, b) => a.as_ref().or(b.as_ref()).cloned(),
    }
}

/// The most that a value can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// Elements that a loop over it sees
    pub items: u64,
    /// Values in it, itself and within its elements
    pub values: u64,
    /// Text in it, bytes
    pub bytes: u64,
    /// The most that one element can be, where that is known
    item: Option<Box<Size>>,
}

impl Size {
    /// A number, a boolean, null.
    pub const SCALAR: Self = Self {
        items: 0,
        values: 1,
        bytes: 0,
        item: None,
    };

    /// A text.
    pub const fn text(bytes: u64) -> Self {
        Self {
            items: 0,
            values: 1,
            bytes,
            item: None,
        }
    }

    /// A list of so many elements.
    pub fn list(items: u64, item: Self) -> Self {
        Self::bounded_list(items, item.bytes.saturating_mul(items), item)
    }

    /// A list of so many elements, which have so much text together.
    pub fn bounded_list(items: u64, bytes: u64, item: Self) -> Self {
        Self {
            items,
            values: item.values.saturating_mul(items).saturating_add(1),
            bytes,
            item: Some(Box::new(item)),
        }
    }

    /// A list or a map of these.
    pub fn of_all(all: &[Self]) -> Self {
        let sum = |part: fn(&Self) -> u64| all.iter().map(part).fold(0, u64::saturating_add);
        Self {
            items: all.len() as u64,
            values: sum(|size| size.values).saturating_add(1),
            bytes: sum(|size| size.bytes),
            item: all.iter().cloned().reduce(|a, b| a.or(&b)).map(Box::new),
        }
    }

    /// Either of two.
    pub fn or(&self, other: &Self) -> Self {
        Self {
            items: self.items.max(other.items),
            values: self.values.max(other.values),
            bytes: self.bytes.max(other.bytes),
            item: joined(self, other),
        }
    }

    /// Both, one after the other.
    pub fn and(&self, other: &Self) -> Self {
        Self {
            items: self.items.saturating_add(other.items),
            values: self.values.saturating_add(other.values),
            bytes: self.bytes.saturating_add(other.bytes),
            item: joined(self, other),
        }
    }

    /// So many of it, one after the other.
    pub fn times(&self, number: u64) -> Self {
        Self {
            items: self.items.saturating_mul(number),
            values: self.values.saturating_mul(number).saturating_add(1),
            bytes: self.bytes.saturating_mul(number),
            item: self.item.clone(),
        }
    }

    /// One of its elements. Of an element of unknown kind is known that it is no more than the whole.
    pub fn element(&self) -> Self {
        match &self.item {
            Some(item) => item.as_ref().clone(),
            None => Self {
                items: self.values,
                ..self.clone()
            },
        }
    }

    /// What it costs to go through all of it, in steps.
    pub fn steps(&self) -> u64 {
        self.values.saturating_add(self.bytes / BYTES_A_STEP)
    }
}
