namespace HashStore.Migrate;

/// <summary>What a verb's exit code says (contract of the command).</summary>
internal static class ExitCode
{
    /// <summary>All well.</summary>
    internal const int Well = 0;

    /// <summary>Finished, but some are missing or failed; each is named in the output.</summary>
    internal const int Incomplete = 1;

    /// <summary>The arguments make no sense.</summary>
    internal const int WrongUsage = 2;

    /// <summary>The verb could not work; what to do about it stands on standard error.</summary>
    internal const int CouldNotWork = 3;

    /// <summary>Damage was found.</summary>
    internal const int Damage = 4;

    /// <summary>Interrupted: 128 and the number of SIGINT, as shells have it.</summary>
    internal const int Interrupted = 130;
}
