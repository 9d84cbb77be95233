namespace HashStore.Storage.Thumbnails.Rendering.Children;

/// <summary>A program to run.</summary>
/// <param name="Program">Its absolute path.</param>
/// <param name="Arguments">Without the program's own name.</param>
/// <param name="Environment">Each as NAME=VALUE; there are no others.</param>
internal sealed record Launch(string Program, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment);

/// <summary>How a child ended.</summary>
/// <param name="ExitCode">Its exit code; null when a signal ended it.</param>
/// <param name="Signal">The signal; 0 when it ended by itself.</param>
/// <param name="TimedOut">Whether it was killed because it took too long.</param>
/// <param name="Complaint">The first of what it wrote to its standard error.</param>
internal sealed record ChildEnd(int? ExitCode, int Signal, bool TimedOut, string Complaint)
{
    public bool IsSuccess => ExitCode == 0;
}
