//! Names that tell an injection: functions nobody calls from a form, and the databases' own tables.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Functions whose only use in a parameter is to wait, to fail in a telling way or to read files.
const TELLING: &[&[u8]] = &[
    b"sleep",
    b"benchmark",
    b"pg_sleep",
    b"extractvalue",
    b"updatexml",
    b"load_file",
    b"randomblob",
    b"regexp_substring",
    b"crypt_key",
    b"make_set",
    b"elt",
    b"xmltype",
    b"name_const",
    b"json_keys",
    b"gtid_subset",
    b"sys_context",
    b"generate_series",
    b"current_setting",
    b"group_concat",
    b"bfilename",
    b"to_timestamp_tz",
    b"tz_offset",
    b"exp",
    b"st_latfromgeohash",
    b"polygon",
    b"multipoint",
    b"linestring",
    b"analyse",
    b"query_to_xml",
    b"database_to_xml",
    b"load_extension",
    b"lo_import",
    b"pg_read_file",
    b"pg_ls_dir",
    b"string_agg",
    b"listagg",
    b"openrowset",
    b"opendatasource",
    b"fn_listextendedproperty",
    b"has_dbaccess",
    b"is_srvrolemember",
    b"current_database",
    b"getpgusername",
    b"chr",
    b"unhex",
    b"ordmid",
];

/// Beginnings of such names.
const TELLING_BEGIN: &[&[u8]] = &[
    b"dbms_",
    b"utl_",
    b"ctxsys.",
    b"xp_",
    b"sp_",
    b"pg_",
    b"sys.",
    b"master.",
    b"ordsys.",
    b"fn_",
    b"mysql.",
    b"sysmaster:",
    b"informix.",
];

/// Functions found in any injection and in some honest formulas.
const COMMON: &[&[u8]] = &[
    b"char",
    b"ascii",
    b"substr",
    b"substring",
    b"mid",
    b"ord",
    b"hex",
    b"concat",
    b"concat_ws",
    b"cast",
    b"convert",
    b"count",
    b"version",
    b"database",
    b"user",
    b"md5",
    b"sha1",
    b"if",
    b"iif",
    b"ifnull",
    b"isnull",
    b"nullif",
    b"exists",
    b"coalesce",
    b"upper",
    b"lower",
    b"length",
    b"len",
    b"floor",
    b"rand",
    b"row",
    b"char_length",
    b"lpad",
    b"rpad",
    b"repeat",
    b"left",
    b"right",
    b"instr",
    b"position",
    b"bin",
    b"oct",
    b"conv",
    b"db_name",
    b"user_name",
    b"system_user",
    b"schema",
    b"reverse",
    b"strcmp",
    b"decode",
    b"nvl",
    b"like",
    b"quote",
    b"soundex",
    b"power",
    b"square",
    b"round",
];

/// Names of the databases' own tables and settings, anywhere in a name.
const SYSTEM: &[&[u8]] = &[
    b"information_schema",
    b"sysobjects",
    b"syscolumns",
    b"sysusers",
    b"sysdatabases",
    b"sqlite_master",
    b"sqlite_schema",
    b"all_users",
    b"all_tables",
    b"user_tables",
    b"dba_users",
    b"mysql.user",
    b"mysql.db",
    b"pg_catalog",
    b"pg_user",
    b"pg_shadow",
    b"pg_tables",
    b"pg_database",
    b"master..",
    b"xp_cmdshell",
    b"xp_",
    b"msysaccessobjects",
    b"v$version",
    b"rdb$",
    b"domain.columns",
    b"sysmaster",
    b"systables",
    b"v$session",
    b"sys.schemas",
    b"performance_schema",
    b"systypes",
    b"sysibm",
    b"msdb..",
    b"rdb$types",
];

static SYSTEM_NAMES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .prefilter(false)
        .build(SYSTEM)
        .expect("a few dozen short names fit an automaton")
});

/// True for functions that tell.
pub(super) fn is_telling_call(name: &[u8]) -> bool {
    TELLING.contains(&name) || TELLING_BEGIN.iter().any(|begin| name.starts_with(begin))
}

/// True for the functions of every SQL dialect.
pub(super) fn is_common_call(name: &[u8]) -> bool {
    COMMON.contains(&name)
}

/// True for the databases' own names: whole words of `name`, so that a random file name is none.
pub(super) fn is_system_name(name: &[u8]) -> bool {
    let begins_word = |at: usize| at == 0 || !name[at - 1].is_ascii_alphanumeric();
    name == b"dual" || SYSTEM_NAMES.find_overlapping_iter(name).any(|found| begins_word(found.start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_name_is_no_table() {
        assert!(is_system_name(b"master..xp_cmdshell") && is_system_name(b"dual"));
        assert!(is_system_name(b"information_schema.tables"));
        assert!(!is_system_name(b"prmixeptr36aetxp_tkvowl") && !is_system_name(b"gradual"));
    }
}
