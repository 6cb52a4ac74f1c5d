# OpenBao of the compose deployment: one node, storage on the volume openbao-data, no listener outside the network.
ui = false

storage "raft" {
  path    = "/var/lib/lorekeep/openbao/data"
  node_id = "openbao"

  # A single node needs no votes and is elected within a second.
  performance_multiplier = 1
}

# The listener has no TLS, because its only clients are containers on the same private network. Across hosts, set
# tls_cert_file and tls_key_file and change VAULT_ADDR to https://.
listener "tcp" {
  address         = "0.0.0.0:8200"
  cluster_address = "127.0.0.1:8201"
  tls_disable     = true
}

api_addr     = "http://openbao:8200"
cluster_addr = "http://127.0.0.1:8201"

# OpenBao unseals itself at every start with the key that the one-shot openbao-prepare generated. Anyone with the volumes
# openbao-seal and openbao-data has the keys of every tenant, so a serious deployment replaces this stanza with
# seal "awskms", "gcpckms", "azurekeyvault", "pkcs11" or "transit", or removes it and unseals by hand with Shamir shares.
seal "static" {
  current_key_id = "lorekeep-1"
  current_key    = "file:///var/lib/lorekeep/openbao-seal/key"
}
