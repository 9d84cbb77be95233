using System.Globalization;

namespace HashStore.Storage.Thumbnails.Rendering.Children;

/// <summary>
/// A program that confines itself and then becomes another one: Landlock takes away every file but those named (docs.kernel.org/userspace-api/landlock.html), then a <see cref="SyscallFilter"/>
/// takes away sockets and processes. .NET cannot run between fork and exec, so it is a few lines of Perl, which is essential on Debian (perl-base).
/// </summary>
internal static class Guard
{
    /// <summary>Debian's place of it.</summary>
    public const string Perl = "/usr/bin/perl";

    /// <summary>What it ends with where the kernel refused.</summary>
    public const int Refused = 126;

    private const int LandlockCreate = 444;

    // In the script: 4 is the right to read a file, 5 to execute it too, 13 to list a folder too, 6 to read and write.

    private const string Script = """
        use strict; use warnings;
        my ($prctl, $files, $network, $scope, $filter, $reads, $writes) = splice(@ARGV, 0, 7);
        my $rights = pack('QQQ', $files, $network, $scope);
        my $size = $scope ? 24 : $network ? 16 : 8;
        my $rules = syscall(444, $rights, $size, 0);
        $rules >= 0 or exit 126;
        my $allow = sub { my ($access, $fd) = @_; my $rule = pack('Ql', $access, $fd); syscall(445, $rules, 1, $rule, 0) == 0 or exit 126 };
        for (split /:/, $reads) { sysopen(my $file, $_, 0x200000) or next; $allow->(-d $file ? 13 : 5, fileno $file) }
        for (split /:/, $writes) { sysopen(my $file, $_, 0x200000) or next; $allow->(6, fileno $file) }
        $allow->(4, 0) if -f STDIN;
        syscall($prctl + 0, 38, 1, 0, 0, 0) == 0 or exit 126;
        syscall(446, $rules, 0) == 0 or exit 126;
        $filter = pack('H*', $filter);
        my $program = pack('S x6 P', length($filter) / 8, $filter);
        syscall($prctl + 0, 22, 2, $program, 0, 0) == 0 or exit 126;
        exec { $ARGV[0] } @ARGV;
        exit 127;
        """;

    /// <summary>Landlock's version here; 0 or less where the kernel has none or it is switched off.</summary>
    public static int Landlock => (int)ChildCalls.syscall(LandlockCreate, 0, 0, 1);

    /// <summary>Whether this machine has what it takes.</summary>
    public static bool IsHere => Landlock > 0 && SyscallFilter.IsKnownHere && File.Exists(Perl);

    /// <summary>What to run so that a command runs confined. Of files it may read and execute those given and its standard input, and use the null and random devices.</summary>
    /// <param name="reads">Files and folders; those that are not there do not matter.</param>
    /// <param name="command">An absolute path and arguments.</param>
    public static IEnumerable<string> Command(IEnumerable<string> reads, IEnumerable<string> command)
    {
        var version = Landlock;
        var files = (1UL << (version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13)) - 1;
        return
        [
            Perl, "-e", Script, Number((ulong)SyscallFilter.Prctl), Number(files), Number(version >= 4 ? 3u : 0), Number(version >= 6 ? 3u : 0),
            Convert.ToHexString(SyscallFilter.Program()), string.Join(':', reads.Append("/dev/urandom").Append("/dev/random").Append("/dev/zero")), "/dev/null",
            .. command,
        ];
    }

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
