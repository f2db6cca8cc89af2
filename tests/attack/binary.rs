//! nsh's own program file.

use super::frame::each;

#[test]
fn nsh_itself_can_not_be_changed_by_its_path() {
    each(|stage| {
        let ran = stage.attack(
            "print(os.execute('chmod 4755 ../nsh'))
             print(os.execute('chown 65534 ../nsh'))
             print(io.open('../nsh', 'a'))
             print(os.remove('../nsh'))",
        );
        assert_eq!(ran.status, Some(0), "{ran:?}");
        // In a lab with one id, chown is answered with success and changes nothing.
        stage.unharmed();
    });
}
