package dev.vivarium.protocol.message;

/**
 * HELLO of the guardian.
 *
 * @param pid its process id
 * @param python its version, such as {@code 3.11.7}
 * @param executable the interpreter that workers are started with
 * @param implementation such as {@code cpython}
 * @param platform such as {@code linux}
 * @param subreaper whether orphaned descendants come back to it
 * @param deathsig whether workers die with it
 * @param pidfd whether signals go through process descriptors
 * @param swept processes of an earlier guardian that it ended
 */
public record GuardianHello(
        long pid,
        String python,
        String executable,
        String implementation,
        String platform,
        boolean subreaper,
        boolean deathsig,
        boolean pidfd,
        int swept) {}
