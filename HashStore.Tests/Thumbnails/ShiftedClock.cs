namespace HashStore.Tests.Thumbnails;

/// <summary>The system's clock, some time ahead: for what is held against the times that a file system writes.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    internal TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
}
