use super::*;

fn read(lines: &[&str]) -> Option<String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::COOKIE, line.parse().unwrap());
    }
    Cookie::Session.read(&headers, true)
}

#[test]
fn w_22_only_one_plain_cookie_of_the_name_counts() {
    assert_eq!(read(&["a=b; __Host-twolatch_session=abc; c=d"]).as_deref(), Some("abc"));
    for absent in [
        &["__Host-twolatch_session=abc; __Host-twolatch_session=abc"] as &[&str],
        &["__Host-twolatch_session=abc", "__Host-twolatch_session=def"],
        &["twolatch_session=abc"],
        &["__Host-twolatch_session="],
        &["__Host-twolatch_session=a%20b"],
        &["__Host-twolatch_session=\"abc\""],
        &[&format!("__Host-twolatch_session={}", "a".repeat(8192))],
    ] {
        assert_eq!(read(absent), None, "{absent:?}");
    }
}

#[test]
fn ses_2_a_cookie_is_bound_to_this_host_and_hidden_from_scripts() {
    let mut headers = HeaderMap::new();
    Cookie::Session.set(&mut headers, true, "abc");
    Cookie::Session.clear(&mut headers, false);
    Cookie::Device.set_for(&mut headers, true, "abc", 60);
    let set: Vec<_> = headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(
        set,
        [
            "__Host-twolatch_session=abc; Path=/; HttpOnly; SameSite=Lax; Secure",
            "twolatch_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
            "__Host-twolatch_device=abc; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60",
        ]
    );
}
