use super::*;

#[test]
fn w_18_a_request_with_a_field_that_there_is_not_is_none() {
    let begin = r#""version":1,"nonce":"0","user":"alice","service":"sshd","caller":0,"evidence":"stack","qr":"off""#;
    let answer = r#""version":1,"nonce":"0","user":"alice","service":"sshd","attempt":"x","typed":"123456""#;
    let reads = |begin: &str, answer: &str| {
        (serde_json::from_str::<Begin>(begin).is_ok(), serde_json::from_str::<Answer>(answer).is_ok())
    };
    assert_eq!(reads(&format!("{{{begin}}}"), &format!("{{{answer}}}")), (true, true));
    for extra in [r#""role":"admin""#, r#""mfa_required":false"#, r#""last_step":0"#, r#""id":"1""#, r#""user":"root""#]
    {
        let more = |all: &str| format!("{{{all},{extra}}}");
        assert_eq!(reads(&more(begin), &more(answer)), (false, false), "{extra}");
    }
}
