use super::*;

#[test]
fn days_are_those_of_the_calendar() {
    for (unix, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (1_709_251_200, "2024-03-01T00:00:00Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(machine(Timestamp::from_unix(unix)), text);
    }
}

#[test]
fn people_read_them_in_their_language() {
    let moment = Timestamp::from_unix(1_772_546_709);
    assert_eq!(minute(moment, Language::En), "3 March 2026, 14:05 UTC");
    assert_eq!(minute(moment, Language::Id), "3 Maret 2026, pukul 14:05 UTC");
    let december = Timestamp::from_unix(4_133_894_400);
    assert_eq!(
        (day(december, Language::En), day(december, Language::Id)),
        ("31 December 2100".to_owned(), "31 Desember 2100".to_owned())
    );
    assert_eq!(
        Moment::day(moment, Language::Id).to_string(),
        "<time datetime=\"2026-03-03T14:05:09Z\">3 Maret 2026</time>"
    );
}
