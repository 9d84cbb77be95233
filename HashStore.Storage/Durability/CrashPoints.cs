namespace HashStore.Storage.Durability;

/// <summary>
/// Crash points (failpoints): where a test can let the process die. In production a pass costs one volatile read; there is no setting and no environment variable, since only code of this solution can set
/// <see cref="Hook"/>, and only the tests' own child process does (HashStore.Tests/Crashes).
///
/// How to add one, for a write path of your own:
///  1. a member of <see cref="CrashPoint"/> that says what has just happened, and <c>CrashPoints.Pass(CrashPoint.X)</c> at that place: after each step that the next start has to cope with;
///  2. its scenario in HashStore.Tests/Crashes/CrashScenarios.cs: the tests fail when a point has none, and when a scenario does not pass its point;
///  3. every changing file operation through <see cref="Posix"/> or <see cref="DurableFiles"/>, where errors are injected and power losses are simulated (<see cref="FileCalls"/>); a test refuses .NET's own methods;
///  4. what the crash may leave in docs/FORMAT.md.
/// </summary>
internal static class CrashPoints
{
    private static volatile Action<CrashPoint>? hook;

    /// <summary>What a pass does, on whatever thread it happens; null: nothing. For the whole process, so only for a child process of a test.</summary>
    internal static Action<CrashPoint>? Hook
    {
        get => hook;
        set => hook = value;
    }

    /// <summary>The process may die here.</summary>
    internal static void Pass(CrashPoint point) => hook?.Invoke(point);
}
