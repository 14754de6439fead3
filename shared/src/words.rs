//! All words that a closed list has, asked of the list itself: so that no second list has to be kept.

use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// The words of an enumeration, in the order in which it is written, as stored.
#[must_use]
pub fn all<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut asked = Asked(&[]);
    // It never succeeds: an enumeration only says which words it would take.
    drop(T::deserialize(&mut asked));
    asked.0
}

struct Asked(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Asked {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("only enumerations have words"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0 = variants;
        Err(Error::custom("asked"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::Event;
    use crate::reason::Reason;

    #[test]
    fn every_word_is_there_and_reads_back() {
        let events = super::all::<Event>();
        assert_eq!(events[..3], ["code", "password", "factor_added"]);
        assert!(events.iter().all(|word| word.parse::<Event>().unwrap().name() == **word));
        assert!(super::all::<Reason>().contains(&"row_mac"));
        assert!(super::all::<String>().is_empty());
    }
}
