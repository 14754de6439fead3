use super::text::Text;

#[test]
fn a_label_cannot_forge_a_line() {
    let mut text = Text::default();
    text.gauge("twolatch_x", "What it is.");
    text.line("", &[("a", "b\"} 1\ntwolatch_y 7\\"), ("c", "")], 2);
    text.line("_sum", &[], 0.5);
    assert_eq!(
        text.finish(),
        "# HELP twolatch_x What it is.\n# TYPE twolatch_x gauge\n\
         twolatch_x{a=\"b\\\"} 1\\ntwolatch_y 7\\\\\",c=\"\"} 2\ntwolatch_x_sum 0.5\n"
    );
}
