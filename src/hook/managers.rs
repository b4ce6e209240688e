//! Hook managers: which one a repository uses, and what to add to its configuration. They write git's hooks themselves,
//! so that a block of ours would be lost the next time they do.

use crate::read::{MAX_LIST, whole};
use std::path::{Path, PathBuf};

use super::Stage;
use super::manifest::{self, Provider};
use super::place::Place;

/// A program that writes git's hooks from a configuration in the work tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// pre-commit, or prek with the same configuration.
    PreCommit,
    /// prek, with a configuration that pre-commit does not know.
    Prek,
    /// lefthook.
    Lefthook,
    /// husky.
    Husky,
    /// simple-git-hooks.
    SimpleGitHooks,
}

/// A manager's configuration in a work tree.
#[derive(Debug)]
pub struct InCharge {
    /// Which one.
    pub manager: Manager,
    /// The file with the configuration; for husky the folder, which has a file for each hook.
    pub config: PathBuf,
    /// The top of the work tree.
    pub top: PathBuf,
}

/// The files that put a manager in charge, from the top of the work tree. husky's is a folder.
const CONFIGS: [(&str, Manager); 27] = [
    (".pre-commit-config.yaml", Manager::PreCommit),
    (".pre-commit-config.yml", Manager::Prek),
    ("prek.toml", Manager::Prek),
    ("lefthook.yml", Manager::Lefthook),
    (".lefthook.yml", Manager::Lefthook),
    ("lefthook.yaml", Manager::Lefthook),
    (".lefthook.yaml", Manager::Lefthook),
    ("lefthook.toml", Manager::Lefthook),
    (".lefthook.toml", Manager::Lefthook),
    ("lefthook.json", Manager::Lefthook),
    ("lefthook.jsonc", Manager::Lefthook),
    (".lefthook.json", Manager::Lefthook),
    (".lefthook.jsonc", Manager::Lefthook),
    (".config/lefthook.yml", Manager::Lefthook),
    (".config/lefthook.yaml", Manager::Lefthook),
    (".config/lefthook.toml", Manager::Lefthook),
    (".config/lefthook.json", Manager::Lefthook),
    (".config/lefthook.jsonc", Manager::Lefthook),
    (".husky", Manager::Husky),
    (".simple-git-hooks.json", Manager::SimpleGitHooks),
    (".simple-git-hooks.cjs", Manager::SimpleGitHooks),
    (".simple-git-hooks.js", Manager::SimpleGitHooks),
    (".simple-git-hooks.mjs", Manager::SimpleGitHooks),
    ("simple-git-hooks.json", Manager::SimpleGitHooks),
    ("simple-git-hooks.cjs", Manager::SimpleGitHooks),
    ("simple-git-hooks.js", Manager::SimpleGitHooks),
    ("simple-git-hooks.mjs", Manager::SimpleGitHooks),
];

/// The script that lefthook is to run, below the folder of the hook in its own folder. A job would be left out where
/// lefthook sees no file to look at: at a push of a message or a tag, or a commit that makes a file a link.
pub const LEFTHOOK_SCRIPT: &str = "hopx-leaks.sh";

/// The managers whose configuration is in the work tree, and those that wrote one of git's hooks from another place.
pub fn in_charge(place: &Place) -> Vec<InCharge> {
    let Some(top) = &place.top else { return Vec::new() };
    let at = |manager, config: PathBuf| InCharge { manager, config: top.join(config), top: top.clone() };
    let files = CONFIGS.iter().map(|&(name, manager)| at(manager, name.into()));
    let mut found: Vec<InCharge> = files.filter(InCharge::is_there).collect();
    let package = top.join("package.json");
    if has_simple_git_hooks(&package) {
        found.push(at(Manager::SimpleGitHooks, package));
    }
    for (manager, config) in by_hooks(place) {
        let config = config.map(|config| top.join(config));
        let is_known = found.iter().any(|known| match &config {
            Some(config) => known.config == *config,
            None => known.manager.family() == manager.family(),
        });
        if !is_known {
            found.push(at(manager, config.unwrap_or_else(|| top.join(manager.default_config()))));
        }
    }
    found
}

/// The managers that the hooks themselves tell of, and where their configuration is if they say so.
fn by_hooks(place: &Place) -> Vec<(Manager, Option<PathBuf>)> {
    let mut found = Vec::new();
    if let Some(folder) = place.hooks.parent().filter(|_| place.hooks.ends_with(".husky/_")) {
        found.push((Manager::Husky, Some(folder.to_path_buf())));
    }
    for stage in Stage::ALL {
        let text = whole(&place.hooks.join(stage.name()), MAX_LIST).unwrap_or_default();
        let has = |mark: &str| memchr::memmem::find(&text, mark.as_bytes()).is_some();
        if GENERATED.iter().any(|mark| has(mark)) {
            found.push((Manager::PreCommit, named_config(&text)));
        } else if has("call_lefthook") {
            found.push((Manager::Lefthook, None));
        }
    }
    found
}

impl Manager {
    /// prek works for pre-commit.
    fn family(self) -> Manager {
        match self {
            Manager::PreCommit | Manager::Prek => Manager::PreCommit,
            Manager::Lefthook | Manager::Husky | Manager::SimpleGitHooks => self,
        }
    }

    fn default_config(self) -> &'static str {
        match self {
            Manager::PreCommit | Manager::Prek => ".pre-commit-config.yaml",
            Manager::Lefthook => "lefthook.yml",
            Manager::Husky => ".husky",
            Manager::SimpleGitHooks => "package.json",
        }
    }
}

/// What pre-commit and prek write into a hook.
const GENERATED: [&str; 2] = ["generated by pre-commit", "generated by prek"];

/// The configuration that a hook of pre-commit or prek names, unless it is quoted.
fn named_config(hook: &[u8]) -> Option<PathBuf> {
    const OPTION: &[u8] = b"--config=";
    let name = &hook[memchr::memmem::find(hook, OPTION)? + OPTION.len()..];
    let name = name.split(|byte| byte.is_ascii_whitespace() || *byte == b')').next()?;
    let is_plain = !name.is_empty() && !name.iter().any(|byte| b"'\"\\$`".contains(byte));
    std::str::from_utf8(name).ok().filter(|_| is_plain).map(PathBuf::from)
}

fn has_simple_git_hooks(package: &Path) -> bool {
    let json = whole(package, MAX_LIST).ok().and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    json.is_some_and(|json| json.get("simple-git-hooks").is_some())
}

impl InCharge {
    fn is_there(&self) -> bool {
        match self.manager {
            Manager::Husky => self.config.is_dir(),
            Manager::PreCommit | Manager::Prek | Manager::Lefthook | Manager::SimpleGitHooks => self.config.is_file(),
        }
    }

    /// What people call it.
    pub fn name(&self) -> &'static str {
        match self.manager {
            Manager::PreCommit => "pre-commit (or prek)",
            Manager::Prek => "prek",
            Manager::Lefthook => "lefthook",
            Manager::Husky => "husky",
            Manager::SimpleGitHooks => "simple-git-hooks",
        }
    }

    /// The file that says what runs at `stage`.
    pub fn config(&self, stage: Stage) -> PathBuf {
        match self.manager {
            Manager::Husky => self.config.join(stage.name()),
            Manager::PreCommit | Manager::Prek | Manager::Lefthook | Manager::SimpleGitHooks => self.config.clone(),
        }
    }

    /// Whether the configuration has our hook for `stage`, and where that takes the program from: a line with its command
    /// that is no comment, with lefthook the script that holds this line, with pre-commit and prek a hook of our
    /// repository too.
    pub fn has(&self, stage: Stage) -> Option<Provider> {
        let command = format!("hook run {}", stage.name());
        let runs = |path: &Path| {
            text(path)
                .lines()
                .any(|line| line.contains("hopx-leaks") && line.contains(&command))
                .then_some(Provider::Path)
        };
        match self.manager {
            Manager::Lefthook if self.names_script(stage) => runs(&self.lefthook_script(stage)),
            Manager::Lefthook => None,
            Manager::PreCommit | Manager::Prek => {
                runs(&self.config).or_else(|| manifest::has(&text(&self.config), stage))
            }
            Manager::Husky | Manager::SimpleGitHooks => runs(&self.config(stage)),
        }
    }

    /// Our script for `stage` in lefthook's folder.
    pub fn lefthook_script(&self, stage: Stage) -> PathBuf {
        self.top.join(".lefthook").join(stage.name()).join(LEFTHOOK_SCRIPT)
    }

    /// Whether lefthook's configuration names our script for `stage`, in whichever language it is written: the hook's name
    /// is the last one before it.
    fn names_script(&self, stage: Stage) -> bool {
        let text = text(&self.config);
        text.match_indices(LEFTHOOK_SCRIPT).any(|(at, _)| {
            let last = Stage::ALL.into_iter().max_by_key(|stage| text[..at].rfind(stage.name()));
            last == Some(stage) && text[..at].contains(stage.name())
        })
    }

    /// Whether git's hook in `folder` is one that the manager wrote for `stage`.
    pub fn runs(&self, folder: &Path, stage: Stage) -> bool {
        let path = folder.join(stage.name());
        if !path.metadata().is_ok_and(|metadata| metadata.is_file() && super::file::is_executable(&metadata)) {
            return false;
        }
        let text = whole(&path, MAX_LIST).unwrap_or_default();
        let has = |mark: &str| memchr::memmem::find(&text, mark.as_bytes()).is_some();
        match self.manager {
            Manager::PreCommit | Manager::Prek => GENERATED.iter().any(|mark| has(mark)),
            Manager::Lefthook => has("lefthook"),
            Manager::Husky => folder.parent() == Some(&self.config),
            Manager::SimpleGitHooks => self.has(stage).is_some() && has("hopx-leaks"),
        }
    }

    /// What the user runs so that git's hooks follow the configuration.
    pub fn activation(&self, stages: &[Stage]) -> String {
        let types: Vec<String> = stages.iter().map(|stage| format!("-t {}", stage.name())).collect();
        match self.manager {
            Manager::PreCommit => format!("pre-commit install {}", types.join(" ")),
            Manager::Prek => format!("prek install {}", types.join(" ")),
            Manager::Lefthook => "lefthook install".to_owned(),
            Manager::Husky => "npx husky".to_owned(),
            Manager::SimpleGitHooks => "npx simple-git-hooks".to_owned(),
        }
    }
}

/// What a configuration says, without the lines that are comments.
pub fn text(path: &Path) -> String {
    let bytes = whole(path, MAX_LIST).unwrap_or_default();
    let is_comment = |line: &&str| ["#", "//"].iter().any(|mark| line.trim_start().starts_with(mark));
    String::from_utf8_lossy(&bytes).lines().filter(|line| !is_comment(line)).flat_map(|line| [line, "\n"]).collect()
}
