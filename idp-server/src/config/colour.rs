//! A colour, and how well it can be told from another (WCAG 2.2, 1.4.3). It must not know what is coloured.

use std::fmt;
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// White.
    pub const WHITE: Self = Self([255; 3]);
    /// Black.
    pub const BLACK: Self = Self([0; 3]);

    /// A colour.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// The contrast to another colour, from 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// This colour with so many hundredths of another one.
    #[must_use]
    pub fn mixed(self, other: Self, hundredths: u8) -> Self {
        let share = u16::from(hundredths.min(100));
        let mix = |(own, other): (u8, u8)| (u16::from(own) * (100 - share) + u16::from(other) * share) / 100;
        let [red, green, blue] = self.0;
        let [other_red, other_green, other_blue] = other.0;
        let parts = [(red, other_red), (green, other_green), (blue, other_blue)];
        Self(parts.map(|pair| u8::try_from(mix(pair)).unwrap_or(u8::MAX)))
    }

    /// The colour nearest to this one, towards another one, that has at least this contrast to all of these.
    #[must_use]
    pub fn legible(self, towards: Self, on: &[Self], least: f64) -> Self {
        let shades = (0..=100).map(|share| self.mixed(towards, share));
        let is_legible = |shade: &Self| on.iter().all(|ground| shade.contrast(*ground) >= least);
        shades.into_iter().find(is_legible).unwrap_or(towards)
    }

    /// Relative luminance, as WCAG defines it.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl FromStr for Colour {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let fault = "expected a colour as #rrggbb, such as \"#1c6059\"";
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(fault)?;
        // A sign would be taken for a part of a number.
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(fault);
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).map_err(|_| fault)?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(to, "#{red:02x}{green:02x}{blue:02x}")
    }
}
