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
    assert_eq!(minute(Timestamp::from_unix(1_772_546_709)), "3 March 2026, 14:05 UTC");
}
