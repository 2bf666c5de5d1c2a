// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Roles of a member, as bits of a mask
library Role {
    /// @notice Attests to what its own records say, and proves from them.
    uint8 internal constant DEPARTMENT = 1;
    /// @notice Asks, with a subject's consent.
    uint8 internal constant BANK = 2;
    /// @notice Binds credit codes to subject ids.
    uint8 internal constant REGISTRAR = 4;
    /// @notice Records consents and their uses.
    uint8 internal constant RELAYER = 8;
    /// @notice Every role there is.
    uint8 internal constant ALL = 15;
}

/// @title The members of a consortium and their keys
/// @notice Who takes part, in which roles, with which keys and when. Only the council writes. Nothing is ever deleted: what
/// a key did while it was valid stays checkable.
///
/// A member's life:
///
///     None --addMember--> Active <--setState--> Suspended
///                           |                      |
///                           +------> Left <--------+        final
///
/// A key is valid at time t when validFrom <= t < validUntil and (compromisedFrom == 0 or t < compromisedFrom). A key
/// address belongs to one member for ever. validFrom may lie before the block (a clock that is a little behind must not
/// fail) and after it (a planned change of keys).
///
/// Storage layout (made for eth_getProof; k . s is keccak256(abi.encode(k, s))):
///
///     slot 0   address owner
///     slot 1   mapping(bytes32 id => Member), at m = id . 1
///              m + 0: roles (bits 0-7), state (8-15), addedAt (16-79), stateSince (80-143)
///              m + 1: successor     m + 2: name     m + 3: serviceUrl
///     slot 2   mapping(bytes32 id => mapping(address key => KeyRecord)), at key . (id . 2), one slot:
///              validFrom (bits 0-63), validUntil (64-127), compromisedFrom (128-191); all zero: no key of this member
///     slot 3   mapping(address key => bytes32 id), at key . 3
interface IMemberRegistry {
    /// @notice Active <-> Suspended, either -> Left, and Left is final. None: no such member.
    enum State {
        None,
        Active,
        Suspended,
        Left
    }

    /// @notice A member; `successor` is the member that took over its duties, or zero.
    struct Member {
        uint8 roles;
        State state;
        uint64 addedAt;
        uint64 stateSince;
        bytes32 successor;
        string name;
        string serviceUrl;
    }

    /// @notice A key of a member, in seconds since 1970; one storage slot.
    struct KeyRecord {
        uint64 validFrom;
        uint64 validUntil;
        uint64 compromisedFrom;
    }

    /// @notice A member joined, and is active.
    /// @dev Invariant: once for an id, before any other event of that id; the name never changes.
    event MemberAdded(bytes32 indexed id, uint8 roles, string name, string serviceUrl);

    /// @notice The roles are these from this block on.
    event MemberRolesChanged(bytes32 indexed id, uint8 roles);

    /// @notice The state is this from this block on.
    /// @dev Invariant: a legal transition; nothing follows Left.
    event MemberStateChanged(bytes32 indexed id, State state);

    /// @notice Another member takes over the duties of this one. The last event counts.
    /// @dev Invariant: both are members, and they differ. Chains of successors may be long, and readers bound them.
    event MemberSuccessorChanged(bytes32 indexed id, bytes32 indexed successor);

    /// @notice Where the member's service is found from now on.
    event MemberServiceUrlChanged(bytes32 indexed id, string serviceUrl);

    /// @notice A member has a new key.
    /// @dev Invariant: once for a key, whatever the member; validFrom < validUntil.
    event KeyAdded(bytes32 indexed id, address indexed key, uint64 validFrom, uint64 validUntil);

    /// @notice A key ends earlier than it would have.
    /// @dev Invariant: block time <= validUntil < the end it had before: what the key did so far stays valid.
    event KeyEnded(bytes32 indexed id, address indexed key, uint64 validUntil);

    /// @notice A key is not to be trusted from that time on, which may lie in the past.
    /// @dev Invariant: the first for the key, or earlier than the one before.
    event KeyCompromised(bytes32 indexed id, address indexed key, uint64 compromisedFrom);

    /// @notice A member id is not zero.
    error MemberIdZero();
    /// @notice The id is in use.
    error MemberExists(bytes32 id);
    /// @notice There is no such member.
    error MemberUnknown(bytes32 id);
    /// @notice The member is suspended or has left.
    error MemberNotActive(bytes32 id, State state);
    /// @notice The member has none of the roles that the action takes.
    error MemberLacksRole(bytes32 id, uint8 roleMask);
    /// @notice The mask has bits that are no role.
    error MemberRolesInvalid(bytes32 id, uint8 roles);
    /// @notice The state cannot follow the present one.
    error MemberTransitionIllegal(bytes32 id, State from, State to);
    /// @notice A member does not succeed itself.
    error MemberSuccessorInvalid(bytes32 id, bytes32 successor);
    /// @notice The key is not one of the member's that is valid now.
    error MemberKeyNotValid(address key);
    /// @notice The key belongs to no member.
    error MemberKeyUnknown(address key);
    /// @notice The zero address is no key.
    error MemberKeyZero();
    /// @notice The key belongs to a member, and does so for ever.
    error MemberKeyTaken(address key, bytes32 id);
    /// @notice The period is empty, or does not shorten the present one, or ends in the past.
    error MemberKeyPeriodInvalid(address key, uint64 validFrom, uint64 validUntil);
    /// @notice The time is zero, or not earlier than the one on record.
    error MemberKeyCompromiseInvalid(address key, uint64 recorded, uint64 from);

    /// @notice Adds an active member. Council only.
    function addMember(bytes32 id, uint8 roles, string calldata name, string calldata serviceUrl) external;

    /// @notice Sets the roles; zero ends them all. Refused for who has left. Council only.
    function setRoles(bytes32 id, uint8 roles) external;

    /// @notice Suspends, reactivates, or lets a member leave. Council only.
    function setState(bytes32 id, State state) external;

    /// @notice Names the member that takes over, in any state. Council only.
    function setSuccessor(bytes32 id, bytes32 successor) external;

    /// @notice Sets the service URL. Refused for who has left. Council only.
    function setServiceUrl(bytes32 id, string calldata serviceUrl) external;

    /// @notice Gives a member a key. Refused for who has left. Council only.
    function addKey(bytes32 id, address key, uint64 validFrom, uint64 validUntil) external;

    /// @notice Ends a key earlier, now at the earliest. Works in any state of the member. Council only.
    function endKey(address key, uint64 validUntil) external;

    /// @notice Records from when a key is not to be trusted. Works in any state of the member. Council only.
    function markCompromised(address key, uint64 from) external;

    /// @notice The member that a key belongs to, whether valid or not; zero if none.
    function memberOf(address key) external view returns (bytes32);

    /// @notice The record of a member's key; zeros if it is not this member's.
    function keyRecord(bytes32 id, address key)
        external
        view
        returns (uint64 validFrom, uint64 validUntil, uint64 compromisedFrom);

    /// @notice The member; State.None if there is no such member.
    function member(bytes32 id) external view returns (Member memory);

    /// @notice Reverts unless the member is active, has at least one role of the mask, and the key is its and valid now.
    function requireActor(bytes32 id, address key, uint8 roleMask) external view;

    /// @notice The member that the key acts for now; reverts as requireActor does.
    function actorOf(address key, uint8 roleMask) external view returns (bytes32 id);
}
