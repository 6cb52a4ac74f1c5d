const names = `
  7z ab adb alias ansible ansible-playbook apk apt apt-get awk aws az awscli base64 basename bash bat bazel bc brew bun bundle bunzip2
  bzip2 cal cargo cat cd chgrp chmod chown clang cmake cmp composer conda convert cp cron crontab curl cut date dd deno df diff dig dir
  dirname dmesg dnf docker docker-compose dotnet dpkg dscl du echo env esbuild eslint ethtool exec exiftool expr fdisk fd ffmpeg ffprobe
  fg file find firewall-cmd flutter free fsck fzf g++ gcc gcloud gem getent gh git go gpg gradle grep groupadd gunzip gzip head helm
  history host hostname htop http httpie id ifconfig install iostat ip iptables java javac jar join journalctl jq jstack jmap k3s k9s
  keytool kill killall kubeadm kubectl kustomize ldd less ln locale locate ls lsblk lscpu lsof lspci lsusb mailx make man md5sum minikube
  mkdir mkfs mktemp mocha mongo mongodump mongosh more mount mtr mv mvn mysql mysqldump nano nc netcat netstat nginx ngrok nice nm nmap
  node nohup npm npx nslookup ollama openssl pacman pandoc passwd paste patch perl pg_basebackup pg_ctl pg_dump pg_dumpall pg_restore
  pgbench pgrep php ping pip pip3 pipx pkill pm2 pnpm podman printf ps psql pulumi pwd py pytest python python3 rails rake rclone readlink
  realpath reboot redis-cli redis-server renice rg rm rmdir route rpm rsync ruby rustc rustup scp screen sed seq service sftp sh sha256sum
  shutdown sleep snap sort split sqlite3 ss ssh ssh-add ssh-copy-id ssh-keygen stat strace strings su sudo swapon sync sysctl systemctl
  tail tar tcpdump tee telnet temporal terraform time timeout tmux top touch tr traceroute tree tsc tsx ufw ulimit umount uname uniq unzip
  uptime useradd usermod uv vagrant vault vi vim vitest wasm-pack watch wc wget which whoami xargs xcodebuild xxd xz yarn yum zip zsh zstd
`;

const commands: ReadonlySet<string> = new Set(names.trim().split(/\s+/));

/** Whether a word is the name of a command for a shell, so that `-word` behind it is an option. */
export function isShellCommand(word: string): boolean {
  return commands.has(word.toLowerCase());
}
