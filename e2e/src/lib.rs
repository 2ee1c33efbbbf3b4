//! What whole-system tests share: the binary under test, ports, clients, servers.
