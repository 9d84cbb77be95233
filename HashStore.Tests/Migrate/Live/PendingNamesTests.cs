using HashStore.Migrate.Live;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Migrate.Live;

/// <summary>When names are handed out, and with which others.</summary>
public sealed class PendingNamesTests
{
    private static readonly TimeSpan step = TimeSpan.FromMilliseconds(100);

    private readonly ManualClock clock = new();
    private readonly PendingNames pending;

    public PendingNamesTests() => pending = new PendingNames(clock, limit: 10);

    [Fact]
    public void Nothing_is_waited_for_where_nothing_happened()
    {
        Assert.True(pending.IsEmpty);
        Assert.Null(pending.Wait());
        Assert.Null(pending.Take());
    }

    [Fact]
    public void A_name_is_handed_out_once_when_it_is_quiet()
    {
        pending.Note("A");
        Assert.False(pending.IsEmpty);
        clock.Advance(step);
        pending.Note("A");
        Assert.Equal(4 * step, pending.Wait());
        clock.Advance(3 * step);
        Assert.Null(pending.Take());
        clock.Advance(step);
        Assert.Equal(TimeSpan.Zero, pending.Wait());
        Assert.Equal(["A"], Taken());
        Assert.True(pending.IsEmpty);
        Assert.Null(pending.Take());
    }

    [Fact]
    public void Names_of_one_moment_are_handed_out_together()
    {
        pending.Note("A");
        clock.Advance(step / 2);
        pending.Note("B");
        clock.Advance(step);
        pending.Note("C");
        clock.Advance(2.5 * step);
        Assert.Equal(["A", "B"], Taken());
        clock.Advance(1.5 * step);
        Assert.Equal(["C"], Taken());
    }

    [Fact]
    public void A_name_that_is_never_quiet_is_handed_out_after_five_seconds()
    {
        for (var tenths = 0; tenths < 50; tenths++)
        {
            pending.Note("A");
            Assert.Null(pending.Take());
            clock.Advance(step);
        }

        Assert.Equal(["A"], Taken());
    }

    [Fact]
    public void Both_names_of_a_rename_are_handed_out_together_and_so_are_chains()
    {
        pending.NoteFrom("A", 1);
        pending.NoteTo("B", 1);
        clock.Advance(2 * step);
        pending.NoteFrom("B", 2);
        pending.NoteTo("C", 2);
        clock.Advance(2 * step);
        Assert.Null(pending.Take()); // A has been quiet for long enough, but it is one thing with C
        clock.Advance(2 * step);
        Assert.Equal(["A", "B", "C"], Taken());
        Assert.True(pending.IsEmpty);
    }

    [Fact]
    public void A_name_that_was_handed_out_before_the_other_half_of_its_rename_comes_again()
    {
        pending.NoteFrom("A", 1);
        clock.Advance(4 * step);
        Assert.Equal(["A"], Taken());
        pending.NoteTo("B", 1);
        clock.Advance(4 * step);
        Assert.Equal(["A", "B"], Taken());
    }

    [Fact]
    public void What_comes_from_elsewhere_and_what_goes_elsewhere_are_single_names()
    {
        pending.NoteFrom("A", 1);
        pending.NoteTo("B", 2);
        clock.Advance(3 * step);
        pending.Note("A");
        clock.Advance(step);
        Assert.Equal(["B"], Taken());
    }

    [Fact]
    public void Our_own_exchange_is_nothing_that_happened()
    {
        Exchange("A", 1);
        Assert.True(pending.IsEmpty);
    }

    [Fact]
    public void What_the_wiki_did_beside_our_own_exchange_is_not_forgotten()
    {
        pending.Note("A");
        Exchange("A", 1);
        Exchange("A", 3);
        clock.Advance(4 * step);
        Assert.Equal(["A"], Taken());

        Exchange("A", 5);
        pending.NoteTo("A", 7);
        clock.Advance(4 * step);
        Assert.Equal(["A"], Taken());
    }

    [Fact]
    public void Our_own_exchange_of_a_name_that_is_being_renamed_leaves_both()
    {
        pending.NoteFrom("A", 1);
        pending.NoteTo("B", 1);
        Exchange("B", 2);
        clock.Advance(4 * step);
        Assert.Equal(["A", "B"], Taken());
    }

    [Fact]
    public void More_names_than_the_limit_are_lost_and_that_is_told_once()
    {
        for (var number = 0; number < 11; number++)
        {
            pending.Note($"N{number}");
        }

        Assert.Equal(TimeSpan.Zero, pending.Wait());
        var told = pending.Take()!.Value;
        Assert.Empty(told.Names);
        Assert.Contains("10", told.Lost, StringComparison.Ordinal);
        Assert.Null(pending.Take());
        clock.Advance(4 * step);
        Assert.Equal(["N10"], Taken()); // came after the loss
    }

    [Fact]
    public void A_rename_at_the_limit_is_told_as_a_loss()
    {
        for (var number = 0; number < 9; number++)
        {
            pending.Note($"N{number}");
        }

        pending.NoteFrom("A", 1);
        pending.NoteTo("B", 1);
        Assert.NotNull(pending.Take()!.Value.Lost);
        clock.Advance(4 * step);
        Assert.Equal(["B"], Taken());
    }

    [Fact]
    public void Halves_of_renames_that_never_come_take_no_room_for_ever()
    {
        var many = new PendingNames(clock);
        for (var cookie = 0u; cookie < 10_000; cookie++)
        {
            many.NoteFrom("A", cookie);
        }

        many.NoteTo("B", 9_999);
        clock.Advance(4 * step);
        Assert.Equal(["A", "B"], many.Take()!.Value.Names.Order());
    }

    [Fact]
    public void Many_names_come_in_sets_none_twice_and_none_never()
    {
        var many = new PendingNames(clock);
        for (var number = 0; number < 25_000; number++)
        {
            many.Note($"N{number}");
        }

        clock.Advance(4 * step);
        var names = new List<string>();
        while (many.Take() is { } set)
        {
            Assert.InRange(set.Names.Count, 1, 1000);
            names.AddRange(set.Names);
        }

        Assert.Equal(25_000, names.Distinct().Count());
        Assert.Equal(25_000, names.Count);
        Assert.True(many.IsEmpty);
    }

    /// <summary>What the kernel tells of renameat2 with RENAME_EXCHANGE between a name and our link beside it.</summary>
    private void Exchange(string name, uint cookie)
    {
        pending.NoteFrom(null, cookie);
        pending.NoteTo(name, cookie);
        pending.NoteFrom(name, cookie + 1);
        pending.NoteTo(null, cookie + 1);
    }

    private IEnumerable<string> Taken()
    {
        var taken = pending.Take();
        Assert.NotNull(taken);
        Assert.Null(taken.Value.Lost);
        return taken.Value.Names.Order(StringComparer.Ordinal);
    }
}
