//! Goal: files do what std's do, the worker is left to others meanwhile, and a wait for a file can be ended.
//! Method: a folder of its own for each test; a FIFO stands for a file that takes for ever.

mod common;

use common::{on, on_each_size};
use sisal::{fiber, fs, go, time};
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A folder that nobody else has, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sisal-files-{}-{count}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn bytes_go_in_and_come_back() {
    on_each_size(|| {
        let folder = Folder::new();
        let path = folder.join("data");
        // More than one call takes.
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
        let mut file = fs::File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        file.write_all(&bytes).unwrap();
        file.sync_all().unwrap();
        assert_eq!(file.metadata().unwrap().len(), 1_000_000);
        assert_eq!(file.seek(SeekFrom::Start(500_000)).unwrap(), 500_000);
        let mut half = Vec::new();
        file.read_to_end(&mut half).unwrap();
        assert!(half == bytes[500_000..]);
        let mut few = [0; 10];
        file.read_exact_at(&mut few, 77).unwrap();
        assert_eq!(few, bytes[77..87]);
        file.write_all_at(b"xyz", 999_999).unwrap();
        file.set_len(1_000_001).unwrap();
        // Clones share the position.
        let mut clone = file.try_clone().unwrap();
        clone.seek(SeekFrom::End(-2)).unwrap();
        let mut end = String::new();
        (&file).read_to_string(&mut end).unwrap();
        assert_eq!(end, "xy");
        let mut std_file = std::fs::File::try_from(file).unwrap();
        std_file.rewind().unwrap();
    });
}

#[test]
fn lines_through_std_s_buffers() {
    on_each_size(|| {
        let folder = Folder::new();
        let path = folder.join("lines");
        let mut writer = BufWriter::new(fs::File::create(&path).unwrap());
        (0..5_000).for_each(|n| writeln!(writer, "line {n}").unwrap());
        drop(writer);
        let mut more = fs::OpenOptions::new().append(true).mode(0o600).open(&path).unwrap();
        more.write_all(b"the end").unwrap();
        let lines: Vec<_> =
            BufReader::new(fs::File::open(&path).unwrap()).lines().map(Result::unwrap).collect();
        assert_eq!(lines.len(), 5_001);
        assert_eq!(lines[5_000], "the end");
        let copied = std::io::copy(&mut fs::File::open(&path).unwrap(), &mut std::io::sink()).unwrap();
        assert_eq!(copied, fs::metadata(&path).unwrap().len());
    });
}

#[test]
fn the_functions_do_as_std_s() {
    on_each_size(|| {
        let folder = Folder::new();
        let (a, b) = (folder.join("a"), folder.join("b"));
        fs::write(&a, "text").unwrap();
        assert_eq!(fs::read(&a).unwrap(), b"text");
        assert_eq!(fs::copy(&a, &b).unwrap(), 4);
        fs::rename(&b, folder.join("c")).unwrap();
        assert!(!fs::exists(&b).unwrap() && fs::exists(folder.join("c")).unwrap());
        fs::hard_link(&a, &b).unwrap();
        fs::symlink(&a, folder.join("link")).unwrap();
        assert_eq!(fs::read_link(folder.join("link")).unwrap(), a);
        assert_eq!(fs::canonicalize(folder.join("link")).unwrap(), std::fs::canonicalize(&a).unwrap());
        assert!(fs::symlink_metadata(folder.join("link")).unwrap().is_symlink());
        fs::set_permissions(&a, fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(fs::metadata(&a).unwrap().permissions().mode() & 0o777, 0o400);
        fs::create_dir_all(folder.join("x/y")).unwrap();
        assert_eq!(fs::remove_dir(folder.join("x")).unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
        fs::remove_dir_all(folder.join("x")).unwrap();
        fs::remove_file(&b).unwrap();
        let missing = fs::read_to_string(&b).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        assert_eq!(fs::create_dir(&folder.0).unwrap_err().kind(), ErrorKind::AlreadyExists);
    });
}

#[test]
fn a_large_folder_is_told_whole() {
    on_each_size(|| {
        let folder = Folder::new();
        // One, one call's worth, and a bit more than two.
        for count in [0, 1, 64, 150] {
            for n in fs::read_dir(&folder.0).unwrap().count()..count {
                fs::write(folder.join(&n.to_string()), "").unwrap();
            }
            let mut names: Vec<usize> = fs::read_dir(&folder.0)
                .unwrap()
                .map(|entry| {
                    let entry = entry.unwrap();
                    assert!(entry.file_type().unwrap().is_file() && entry.metadata().unwrap().is_file());
                    assert!(entry.path().starts_with(&folder.0));
                    entry.file_name().to_str().unwrap().parse().unwrap()
                })
                .collect();
            names.sort();
            assert!(names.into_iter().eq(0..count));
        }
    });
}

/// A FIFO, whose opening waits for the other side.
fn fifo(folder: &Folder) -> PathBuf {
    let path = folder.join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Lets the call end that nobody waits for any more.
fn let_go(fifo: &Path) {
    drop(std::fs::OpenOptions::new().read(true).write(true).open(fifo).unwrap());
}

#[test]
fn others_run_while_one_waits_for_a_file() {
    on(1, || {
        let folder = Folder::new();
        let path = fifo(&folder);
        let reading = go!(move || fs::read_to_string(path).unwrap());
        time::sleep(Duration::from_millis(1));
        fs::write(folder.join("fifo"), "hello").unwrap();
        assert_eq!(reading.join().unwrap(), "hello");
    });
}

#[test]
fn a_cancel_and_a_deadline_end_the_wait() {
    on_each_size(|| {
        let folder = Folder::new();
        let path = fifo(&folder);
        let opened = path.clone();
        let opening = go!(move || fs::File::open(opened).unwrap_err().to_string());
        time::sleep(Duration::from_millis(1));
        opening.cancel();
        assert_eq!(opening.join().unwrap(), "cancelled");
        let late = time::timeout(Duration::from_millis(2), || fs::File::open(&path));
        assert!(!matches!(late, Ok(Ok(_))), "a FIFO without a writer was opened");
        let_go(&path);
        assert!(!fiber::is_cancelled());
    });
}
