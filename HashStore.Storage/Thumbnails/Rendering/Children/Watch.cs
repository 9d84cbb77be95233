using System.Globalization;

namespace HashStore.Storage.Thumbnails.Rendering.Children;

/// <summary>
/// The first process of a child's session: runs a command and kills the whole session when the server is gone, however it went and however young the command is.
/// It sees that by the end of a pipe, file 3, whose other end nobody else has. A death signal (PR_SET_PDEATHSIG) would not do: each fork loses it, and what
/// Bubblewrap has just forked waits forever for a parent that such a signal killed.
/// </summary>
internal static class Watch
{
    /// <summary>What it ends with where it cannot watch.</summary>
    public const int Refused = 125;

    private const string Script = """
        use strict; use warnings;
        my $prctl = shift;
        getpgrp() == $$ or exit 125;
        syscall($prctl + 0, 36, 1, 0, 0, 0) if $prctl; # PR_SET_CHILD_SUBREAPER
        open(my $server, '<&=', 3) or exit 125;
        fcntl($server, 2, 1) or exit 125;
        $SIG{CHLD} = sub { };
        my $command = fork;
        defined $command or exit 125;
        if ($command == 0) { exec { $ARGV[0] } @ARGV; exit 127 }
        my $status = 0;
        while ((my $ended = waitpid(-1, 1)) >= 0) {
            $status = $? if $ended == $command;
            next if $ended > 0;
            my $gone = '';
            vec($gone, 3, 1) = 1;
            kill('KILL', -getpgrp()) if select($gone, undef, undef, 0.1) > 0;
        }
        exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
        """;

    /// <summary>
    /// What to run so that a command is watched, and everything that it leaves is waited for: Bubblewrap does not wait for its first process.
    /// It must lead its process group, or it does nothing. Its exit code is the command's, or 128 and the signal that ended it.
    /// </summary>
    public static IEnumerable<string> Command(IEnumerable<string> command) =>
        [Guard.Perl, "-e", Script, SyscallFilter.IsKnownHere ? SyscallFilter.Prctl.ToString(CultureInfo.InvariantCulture) : "0", .. command];
}
