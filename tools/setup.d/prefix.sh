# shellcheck shell=bash
# The inference libraries: libllama, ggml and oneDNN >= 3. Where the system has
# them new enough, or its apt offers them, they come from there. Otherwise the
# binary packages of Debian's suite "forky" are unpacked into a folder of the
# user's cache, with the libc they were built for; nothing of the system is
# touched and no root is needed. apt does the fetching in a root of its own, so
# every package is checked against the signed Release file as always.
# shellcheck disable=SC2154,SC2034  # cache, offline come from tools/setup

prefix_recipe=1 # raise when what is put into the prefix changes
prefix_suite=forky
prefix_packages="libllama-dev libggml-dev libggml0-backend-blas
    libopenblas0-openmp libdnnl-dev"
ggml_at_least=0.27
dnnl_at_least=3

engine_ensure() {
    local rc=0
    prefix=
    step_begin
    if engine_in_system; then
        step_end ok "inference libraries: the system's own"
        return
    fi
    if have dpkg-deb; then
        prefix=$cache/prefix-$(prefix_id)
        if prefix_is_good; then
            step_end ok "inference libraries: ${prefix##*/}"
            return
        fi
    fi
    if [ "$offline" = 0 ] && engine_in_apt; then
        # shellcheck disable=SC2086  # a list of words
        if apt_install $prefix_packages && engine_in_system; then
            prefix=
            step_end new "inference libraries: installed from the system's apt"
            return
        fi
        note "the system's apt could not install the inference libraries" \
            "($(log_reason "$cache/apt.log")); trying a private copy"
    fi
    if ! have apt-get || ! have dpkg-deb; then
        soft_fail "no inference libraries: install llama.cpp, ggml >= $ggml_at_least" \
            "and oneDNN >= $dnnl_at_least with their headers and pkg-config files" \
            "(Homebrew: brew install llama.cpp ggml onednn), then run tools/setup"
        prefix=
        return
    fi
    [ "$offline" = 0 ] || rc=4
    [ "$rc" != 0 ] ||
        with_lock prefix_build engine_trim "$cache/prefix.log" || rc=$?
    if [ "$rc" = 0 ]; then
        step_end new "inference libraries: ${prefix##*/}"
        return
    fi
    case $rc in
    4) soft_fail "no inference libraries (OMOST_SETUP_OFFLINE is set)" ;;
    5) soft_fail "no inference libraries: the apt sources name no Debian mirror;" \
        "run: OMOST_DEBIAN_MIRROR=URL tools/setup" ;;
    6) soft_fail "no inference libraries: Debian's archive keyring is missing;" \
        "run: apt-get install debian-archive-keyring" ;;
    *) soft_fail "no inference libraries: fetching $prefix_suite's packages failed:" \
        "$(log_reason "$cache/prefix.log"); see $cache/prefix.log, then run" \
        "tools/setup again" ;;
    esac
    prefix=
}

# --- the system's own --------------------------------------------------------

dnnl_major() {
    printf '#include <oneapi/dnnl/dnnl_version.h>\nDNNL_VERSION_MAJOR\n' |
        cc -E -P - 2>/dev/null | tail -n 1
}

engine_in_system() {
    local major
    pkg-config --exists llama "ggml >= $ggml_at_least" 2>/dev/null || return 1
    major=$(dnnl_major)
    [ "${major:-0}" -ge "$dnnl_at_least" ] 2>/dev/null
}

apt_offers() { # PACKAGE MINIMUM
    local v
    v=$(apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ { print $2 }')
    [ -n "$v" ] && [ "$v" != "(none)" ] && dpkg --compare-versions "$v" ge "$2"
}

engine_in_apt() {
    have apt-cache && apt_offers libllama-dev 0 &&
        apt_offers libggml-dev "$ggml_at_least" &&
        apt_offers libdnnl-dev "$dnnl_at_least" &&
        { [ "$(id -u)" = 0 ] || have sudo; }
}

# --- the private prefix -------------------------------------------------------

prefix_id() {
    local arch
    arch=$(dpkg --print-architecture)
    # shellcheck disable=SC2086  # words, one blank between
    echo "$prefix_suite-$arch-$(echo $prefix_recipe $prefix_packages |
        sha256sum | cut -c1-12)"
}

# What is in the prefix, cheap (names, sizes, times) and dear (contents).
prefix_listing() { # DIR
    (cd "$1" && find usr \( -type f -o -type l \) -printf '%p %s %T@ %l\n' |
        LC_ALL=C sort)
}
prefix_sums() { # DIR
    (cd "$1" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
}
prefix_links() { # DIR
    (cd "$1" && find usr -type l -printf '%p %l\n' | LC_ALL=C sort)
}

prefix_is_good() {
    [ -s "$prefix/SHA256SUMS" ] && [ -s "$prefix/LISTING" ] || return 1
    [ "$(prefix_listing "$prefix")" != "$(cat "$prefix/LISTING")" ] || return 0
    # Something was touched (or the cache was copied): look at every byte.
    [ "$(prefix_sums "$prefix")" = "$(cat "$prefix/SHA256SUMS")" ] &&
        [ "$(prefix_links "$prefix")" = "$(cat "$prefix/LINKS")" ] || return 1
    prefix_listing "$prefix" >"$prefix/LISTING.tmp.$$" &&
        mv -f "$prefix/LISTING.tmp.$$" "$prefix/LISTING"
}

# The Debian mirrors in the system's apt sources, both notations, first ones
# first; archives of security updates and of other publishers are left out.
debian_mirrors() {
    if [ -n "${OMOST_DEBIAN_MIRROR:-}" ]; then
        echo "$OMOST_DEBIAN_MIRROR"
        return
    fi
    local codename
    # shellcheck disable=SC1091
    codename=$(. /etc/os-release && [ "$ID" = debian ] && echo "${VERSION_CODENAME:-}")
    {
        { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || :; } |
            sed -n 's/#.*//; s/\[[^]]*\]//; s/^[[:blank:]]*deb[[:blank:]]\{1,\}//p' |
            awk '{ print $1, $2 }'
        for f in /etc/apt/sources.list.d/*.sources; do
            [ ! -e "$f" ] || deb822_sources <"$f"
        done
    } | awk -v release="$codename" '
        { suite = $2 }
        suite ~ /security/ || $1 ~ /security/ { next }
        release != "" && index(suite, release) == 1 ||
        suite ~ /^(stable|testing|unstable|sid|forky)$/ {
            if (!seen[$1]++) print $1
        }'
}

# "URI SUITE" for every pair of every enabled stanza of type deb.
deb822_sources() {
    sed '/^#/d' | awk '
        function flush(   i, j, u, s, nu, ns) {
            if (("types" in f) && (" " f["types"] " ") ~ / deb / &&
                tolower(f["enabled"]) !~ /^(no|false|0|off)$/) {
                nu = split(f["uris"], u, " ")
                ns = split(f["suites"], s, " ")
                for (i = 1; i <= nu; i++)
                    for (j = 1; j <= ns; j++) print u[i], s[j]
            }
            for (i in f) delete f[i]
            key = ""
        }
        /^[ \t]*$/ { flush(); next }
        /^[ \t]/ { if (key != "") f[key] = f[key] " " $0; next }
        {
            i = index($0, ":")
            key = tolower(substr($0, 1, i - 1))
            value = substr($0, i + 1)
            gsub(/^[ \t]+|[ \t]+$/, "", value)
            f[key] = value
        }
        END { flush() }'
}

debian_keyring() {
    local f
    for f in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
        if [ -s "$f" ]; then
            echo "$f"
            return
        fi
    done
    return 1
}

# An apt root of its own: own lists, own cache, nothing installed. The file is
# given with -c, which apt reads after the system's settings: a proxy stays in
# force, hooks and pins of the system do not.
private_apt_root() { # DIR MIRROR KEYRING
    mkdir -p "$1"/{lists/partial,archives/partial,etc/preferences.d}
    : >"$1/status"
    echo "deb [signed-by=$3] $2 $prefix_suite main" >"$1/etc/sources.list"
    cat >"$1/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::Contents-deb;
Dir::State "$1";
Dir::State::lists "$1/lists";
Dir::State::status "$1/status";
Dir::State::extended_states "$1/extended_states";
Dir::Cache "$1";
Dir::Cache::archives "$1/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Etc::sourcelist "$1/etc/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "$1/etc/preferences.d";
Dir::Log "$1";
APT::Default-Release "";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Get::AllowUnauthenticated "false";
APT::Get::List-Cleanup "false";
APT::Keep-Downloaded-Packages "true";
APT::Sandbox::User "";
Acquire::AllowInsecureRepositories "false";
// A frozen mirror or a wrong clock makes a list "expired". Its signature is
// checked all the same; an old list only means older packages.
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "2";
Debug::NoLocking "true";
CONF
}

private_apt() { # DIR COMMAND...
    local dir=$1
    shift
    env -u APT_CONFIG DEBIAN_FRONTEND=noninteractive \
        apt-get -c "$dir/apt.conf" -q -y "$@" </dev/null
}

# Fetch prefix_packages and unpack them into $prefix; TRIM, a function, makes of
# what is there what is needed.
prefix_build() { # TRIM LOG
    local keyring mirror tmp trim=$1 log=$2 fetched=
    prefix_is_good && return 0 # a set-up beside this one was faster
    rm -rf "$cache"/.prefix.*  # left by an interrupted one; we hold the lock
    : >"$log"
    keyring=$(debian_keyring) || return 6
    tmp=$(mktemp -d "$cache/.prefix.XXXXXX")
    chmod 755 "$tmp"
    while read -r mirror; do
        rm -rf "$tmp/apt"
        private_apt_root "$tmp/apt" "$mirror" "$keyring"
        # shellcheck disable=SC2086  # a list of words
        if private_apt "$tmp/apt" --error-on=any update >>"$log" 2>&1 &&
            private_apt "$tmp/apt" --download-only install $prefix_packages \
                >>"$log" 2>&1; then
            fetched=1
            break
        fi
    done < <(debian_mirrors)
    if [ -z "$fetched" ]; then
        rm -rf "$tmp"
        if [ -s "$log" ]; then return 7; else return 5; fi
    fi
    if ! prefix_unpack "$tmp" "$trim" >>"$log" 2>&1; then
        rm -rf "$tmp"
        return 8
    fi
    rm -rf "$prefix"
    mv "$tmp/root" "$prefix"
    rm -rf "$tmp"
}

prefix_unpack() { # TMP TRIM
    local out=${1:?}/root deb lib
    mkdir "$out" || return
    for deb in "$1"/apt/archives/*.deb; do
        dpkg-deb -x "$deb" "$out" || return
        # shellcheck disable=SC2016  # dpkg's variables
        dpkg-deb --show --showformat='${Package} ${Version}\n' "$deb" \
            >>"$out/PACKAGES" || return
    done
    # Only what is linked, loaded or run stays, and who wrote it.
    (
        cd "$out" || exit
        rm -rf etc var usr/sbin usr/libexec usr/lib/*/gconv \
            usr/lib/*/engines-3 usr/lib/*/ossl-modules \
            usr/lib/*/openblas-openmp/liblapack*
    ) || return
    find "$out/usr/share" \( -type f -o -type l \) ! -name copyright -delete
    find "$out/usr/share" -type d -empty -delete
    # Debian chooses the BLAS by update-alternatives; here there is only one.
    lib=$(dirname "$(find "$out/usr/lib" -name 'libllama.so.0' | head -n 1)")
    ln -s openblas-openmp/libblas.so.3 "$lib/libblas.so.3" || return
    ln -s openblas-openmp/libopenblas.so.0 "$lib/libopenblas.so.0" || return
    compgen -G "$lib/ld-linux*.so.*" >/dev/null || return
    compgen -G "$lib/ggml/backends*/libggml-cpu*.so" >/dev/null || return
    "$trim" "$out" "$lib" || return
    prefix_sums "$out" >"$out/SHA256SUMS" || return
    prefix_links "$out" >"$out/LINKS" || return
    prefix_listing "$out" >"$out/LISTING"
}

# For building: no programs, all headers.
engine_trim() { # ROOT LIB
    rm -rf "${1:?}/usr/bin" || return
    # Headers of libc beside those of the libraries would hide the host's.
    [ ! -e "$1/usr/include/features.h" ] || return
    [ -e "$1/usr/include/llama.h" ] && [ -e "$1/usr/include/ggml.h" ] &&
        [ -e "$1/usr/include/oneapi/dnnl/dnnl.h" ]
}
