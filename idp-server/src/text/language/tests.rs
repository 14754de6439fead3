use super::*;

#[test]
fn the_best_liked_language_that_we_have_is_taken() {
    for (header, wanted) in [
        ("id", Some(Language::Id)),
        ("ID-id,id;q=0.9,en;q=0.8", Some(Language::Id)),
        ("en;q=0.8, id;q=0.9", Some(Language::Id)),
        ("en, id", Some(Language::En)),
        ("de, fr;q=0.9, id;q=0.1", Some(Language::Id)),
        ("id;q=0, en;q=0.001", Some(Language::En)),
        ("id;q=0", None),
        ("id;q=nan, en;q=0.5", Some(Language::En)),
        ("id;q=2, en;q=-1", None),
        ("id;q=1.000", Some(Language::Id)),
        ("de", None),
        ("idx, end", None),
        ("*", None),
        ("", None),
        (",;=,q", None),
    ] {
        assert_eq!(Language::accepted(header), wanted, "{header}");
    }
}

#[test]
fn a_web_app_may_name_several() {
    assert_eq!(Language::of_tags("de id-ID en"), Some(Language::Id));
    assert_eq!(Language::of_tags("de"), None);
    assert_eq!(Language::of_tags(""), None);
}
