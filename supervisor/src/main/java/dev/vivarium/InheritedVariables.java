package dev.vivarium;

import java.util.List;

/** What of the JVM's environment workers see unless told otherwise. */
final class InheritedVariables {

    static final List<String> DEFAULT = List.of(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "LANG",
            "LC_*",
            "TZ",
            "TMPDIR",
            "VIRTUAL_ENV",
            "CONDA_PREFIX",
            "LD_LIBRARY_PATH",
            "CUDA_*",
            "NVIDIA_*",
            "PYENV_*",
            "XDG_*",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR");

    private InheritedVariables() {}
}
