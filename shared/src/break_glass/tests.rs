use super::{BYTES, LENGTH, code_of, file_name, has_folder, read};
use crate::secret::Secret;

#[test]
fn a_code_has_all_its_bits_and_is_read_as_people_copy_it() {
    let codes: Vec<Secret> = (0..=255)
        .filter_map(|last| {
            let mut bytes = [0xA5; BYTES];
            bytes[BYTES - 1] = last;
            code_of(&bytes)
        })
        .collect();
    assert!(codes.len() > 200, "about one in eight has no check character");
    for code in &codes {
        assert_eq!(code.expose().len(), LENGTH);
        let copied = code.expose().to_ascii_lowercase().replace('0', "o").replace('1', "l");
        let (first, rest) = copied.split_at(6);
        let copied = format!("{first}-{rest}\r");
        assert_eq!(read(copied.as_bytes()).map(|read| read.expose().to_owned()).as_deref(), Some(code.expose()));
    }
    let mut names: Vec<String> = codes.iter().map(file_name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), codes.len(), "every bit counts");
}

#[test]
fn what_is_no_such_code_is_not_looked_for() {
    let code = (0..9).find_map(|byte| code_of(&[byte; BYTES])).unwrap();
    let slip = code.expose().replacen(code.expose().chars().next().unwrap(), "Z", 1);
    let recovery = "0".repeat(18);
    for typed in ["", "123456", &slip, &recovery, code.expose().split_at(1).1, "../../etc/shadow", "\u{ff10}"] {
        assert!(read(typed.as_bytes()).is_none(), "{typed}");
    }
    assert!(read(b"\xff\xfe").is_none());
}

#[test]
fn a_file_is_named_by_the_sha_256_of_its_code() {
    // echo -n abc | sha256sum
    let name = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(file_name(&Secret::new("abc".into())), name);
}

#[test]
fn no_name_leads_out_of_the_folder() {
    for name in ["", ".", "..", "../etc", "a/b", "/etc", ".hidden", "a\0b", &"a".repeat(256)] {
        assert!(!has_folder(name), "{name:?}");
    }
    assert!(has_folder("alice") && has_folder("svc_backup-1"));
}
