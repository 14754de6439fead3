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
    assert_eq!(read(&["a=b; __Host-session=abc; c=d"]).as_deref(), Some("abc"));
    for absent in [
        &["__Host-session=abc; __Host-session=abc"] as &[&str],
        &["__Host-session=abc", "__Host-session=def"],
        &["session=abc"],
        &["__Host-session="],
        &["__Host-session=a%20b"],
        &["__Host-session=\"abc\""],
        &[&format!("__Host-session={}", "a".repeat(8192))],
    ] {
        assert_eq!(read(absent), None, "{absent:?}");
    }
}

#[test]
fn ses_2_a_cookie_is_bound_to_this_host_and_hidden_from_scripts() {
    let mut headers = HeaderMap::new();
    Cookie::Session.set(&mut headers, true, "abc");
    Cookie::Session.clear(&mut headers, false);
    let set: Vec<_> = headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(
        set,
        [
            "__Host-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure",
            "session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
        ]
    );
}
